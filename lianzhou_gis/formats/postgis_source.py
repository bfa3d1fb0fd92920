"""Where a table of a PostGIS lies, and the way in: read-only, bounded in time, no password in any message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from lianzhou_gis.errors import FormatError, LianzhouError, MissingFileError, extra

if TYPE_CHECKING:
    from psycopg.sql import Composable

__all__ = ["PostgisSource", "database_error", "mask_password", "open_connection"]

# The text between user and host, and the words that carry a password among the parameters.
_PASSWORD = re.compile(r"(postgres(?:ql)?://[^\s/?#:@]*):[^\s]*@(?=[^\s@]*(?:\s|$))", re.IGNORECASE)
_SECRET = re.compile(r"\b((?:ssl)?password)=[^&\s'\"]*", re.IGNORECASE)
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^".\s]+))\s*')
_SERVICE = ("host", "port", "dbname", "user", "password")
# Ours, and of libpq's those for address and user; a catalog from elsewhere must not set more.
_OWN = ("table", "query", "geometry")
_ALLOWED = {
    *_SERVICE, "service", "hostaddr", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "require_auth",
    "connect_timeout", "target_session_attrs", "gssencmode", "krbsrvname",
}  # fmt: skip
_SETTINGS = {
    "default_transaction_read_only": "on",
    "datestyle": "ISO,YMD",
    "intervalstyle": "iso_8601",
    "timezone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
}
_PATIENCE_S, _LONGEST_QUERY_MS = 10, 600_000
_MEANING = {
    "28P01": ("用户名或密码不正确；请核对 ~/.pgpass", "wrong user or password; see ~/.pgpass"),
    "28000": ("服务器拒绝该用户登录", "the server does not let this user in"),
    "3D000": ("没有这个数据库", "there is no such database"),
    "42501": ("没有读取权限；请管理员授予 SELECT", "permission is denied; ask for SELECT on it"),
    "42601": ("查询语句有误", "the query is no valid SQL"),
    "42703": ("没有所指的字段", "a column that is named does not exist"),
    "57014": ("查询超时，已取消", "the query took too long and was cancelled"),
    "53300": ("服务器连接数已满", "the server has no connection left"),
    "25006": ("连接为只读，不执行写入语句", "the connection is read-only"),
}  # fmt: skip


def mask_password(text: str) -> str:
    """Return a text with the passwords of database URLs replaced.

    Examples
    --------
    >>> mask_password("path: postgresql://reader:s:e/c@ret@db.local:5432/land?password=x&table=a")
    'path: postgresql://reader:***@db.local:5432/land?password=***&table=a'
    """
    return _SECRET.sub(r"\1=***", _PASSWORD.sub(r"\1:***@", text))


@dataclass(frozen=True)
class PostgisSource:
    """A table, or a query, of a database.

    Attributes
    ----------
    parameters : dict of str to str
        What libpq is given; what is not there comes from PG* variables, the service file and ``~/.pgpass``.
    schema, table : str, optional
    query : str, optional
        Instead of a table.
    geometry : str, optional
        The column, where there are several.
    """

    parameters: dict[str, str] = field(repr=False)
    schema: str | None = None
    table: str | None = None
    query: str | None = field(default=None)
    geometry: str | None = None

    @classmethod
    def from_url(cls, url: str, layer: str | None = None) -> PostgisSource:
        """Take a URL apart: ``postgresql://user@host:5432/database?table=schema.name``, ``?query=SELECT ...``.

        Parameters
        ----------
        url : str
            ``?service=name`` takes host and database from the service file; ``&geometry=column`` names the column;
            further ones as ``sslmode`` are libpq's.
        layer : str, optional
            ``schema.table``; beats ``table`` in the URL.

        Raises
        ------
        FormatError
            If it is no URL of that kind.

        Examples
        --------
        >>> source = PostgisSource.from_url("postgresql://reader@db.local/land?table=gis.red_line")
        >>> source.schema, source.table, source.name
        ('gis', 'red_line', 'land/gis.red_line')
        """
        try:
            parts = urlsplit(url)
            port, options = parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            # The message of urllib may contain the password.
            raise _bad_url() from None
        own = {name: options.pop(name) for name in _OWN if name in options}
        refused = sorted(set(options) - _ALLOWED)
        if refused:
            raise FormatError.from_code("database_url_parameters", refused=refused)
        given = (parts.hostname, port and str(port), parts.path.lstrip("/"), parts.username, parts.password)
        for name, value in zip(_SERVICE, given, strict=True):
            if value:
                options[name] = unquote(value)
        if layer is not None:
            own = {"table": layer, **{name: own[name] for name in ("geometry",) if name in own}}
        if "table" in own and "query" in own:
            raise FormatError.from_code("database_url_table_and_query")
        schema, table = _names(own["table"]) if "table" in own else (None, None)
        return cls(options, schema, table, own.get("query"), own.get("geometry"))

    @property
    def name(self) -> str:
        """Database and table, for messages."""
        database = self.parameters.get("dbname") or self.parameters.get("service") or "PostgreSQL"
        return f"{database}/{self.label}" if self.label else database

    @property
    def label(self) -> str:
        """The table as it is named, or ``query``."""
        return ".".join(name for name in (self.schema, self.table) if name) or ("query" if self.query else "")

    @property
    def has_password(self) -> bool:
        """Whether the URL itself holds a password."""
        return "password" in self.parameters

    @property
    def plain_url(self) -> str:
        """The URL of the database alone: without table, query and password."""
        given = {name: value for name, value in self.parameters.items() if name not in ("password", "sslpassword")}
        host, port, database, user = (given.pop(name, "") for name in ("host", "port", "dbname", "user"))
        if "/" in host or not host:
            # A socket folder is given among the parameters, with its port.
            given |= {name: value for name, value in (("host", host), ("port", port)) if value}
            host = port = ""
        who = f"{quote(user, safe='')}@" if user else ""
        where = f"[{host}]" if ":" in host else host
        place = f"{where}:{port}" if port else where
        tail = f"?{urlencode(given, quote_via=quote)}" if given else ""
        return f"postgresql://{who}{place}/{quote(database, safe='')}{tail}"

    def relation(self) -> Composable:
        """Return the table, or the query in brackets, as SQL."""
        sql = extra("psycopg.sql", "postgis")
        if self.query is not None:
            # The query is its user's own; it runs in a transaction that cannot write.
            query: Composable = sql.SQL("({}\n)").format(sql.SQL(self.query.rstrip().rstrip(";")))
            return query
        table: Composable = sql.Identifier(*(name for name in (self.schema, self.table) if name))
        return table


def _bad_url() -> FormatError:
    return FormatError.from_code("database_url_invalid")


def _names(text: str) -> tuple[str | None, str]:
    """Return schema and table; names with a dot or a quote are in double quotes."""
    names, place = [], 0
    while found := _NAME.match(text, place):
        names.append(found[1].replace('""', '"') if found[1] else found[2])
        place = found.end()
        if place == len(text) or text[place] != ".":
            break
        place += 1
    if place != len(text) or not 1 <= len(names) <= 2:
        raise FormatError.from_code("table_name_invalid", name=text)
    return (names[0], names[1]) if len(names) == 2 else (None, names[0])


# Of a connection that fails libpq gives no code, only words: they are looked at, never repeated.
_WORDS = {
    "28P01": re.compile("password|密码|口令"),
    "3D000": re.compile('database ".*" does not exist|数据库.*不存在'),
    "28000": re.compile("pg_hba|role .* does not exist|not permitted to log in"),
    "53300": re.compile("too many c|remaining connection slots"),
}


@contextmanager
def open_connection(source: PostgisSource, *, writing: bool = False) -> Iterator[Any]:
    """Open a connection with one transaction that sees one state of the database; errors become ours.

    Parameters
    ----------
    source : PostgisSource
    writing : bool
        Else the session is read-only.

    Raises
    ------
    FormatError, MissingFileError, MissingExtraError
        In one line, without a password.
    """
    psycopg = extra("psycopg", "postgis")
    settings = _SETTINGS | ({"default_transaction_read_only": "off"} if writing else {})
    text = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = {"connect_timeout": str(_PATIENCE_S), **source.parameters, "application_name": "lianzhou_gis"}
    try:
        connection = psycopg.connect(
            **given, options=f"{text} -c statement_timeout={_LONGEST_QUERY_MS}", client_encoding="UTF8"
        )
    except psycopg.Error as error:
        raise database_error(error, source, reached=False) from None
    except UnicodeError:
        raise _bad_url() from None
    try:
        with connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield connection
    except psycopg.Error as error:
        raise database_error(error, source) from None
    except UnicodeDecodeError:
        raise FormatError.from_code("postgis_encoding", file=source.name) from None
    finally:
        connection.close()


def database_error(error: Exception, source: PostgisSource, *, reached: bool = True) -> LianzhouError:
    """Return what an error of psycopg means, in one line; its own text, which may hold secrets, is not repeated."""
    code = getattr(error, "sqlstate", None) or ""
    if not reached and not code:
        # The first line names host and database, and could hold the user's words.
        text = str(error).rpartition("FATAL:")[2] if "FATAL:" in str(error) else str(error)
        code = next((known for known, words in _WORDS.items() if words.search(text)), "")
    if code in ("42P01", "3F000"):
        return MissingFileError.from_code("postgis_table_missing", file=source.name)
    if code in _MEANING:
        zh, en = _MEANING[code]
    elif not reached:
        place = source.parameters.get("host") or source.parameters.get("service") or "PGHOST"
        zh, en = (
            f"连接不上数据库（{place}）；请检查服务器、网络与登录设置",
            (f"the database at {place} cannot be reached; check server, network and login"),
        )
    elif code.startswith(("08", "57")) or not code:
        zh, en = "与数据库的连接中断", "the connection to the database broke off"
    else:
        zh, en = f"数据库报错（SQLSTATE {code}）", f"the database reported SQLSTATE {code}"
    return FormatError(f"{source.name}：{zh}", f"{source.name}: {en}")

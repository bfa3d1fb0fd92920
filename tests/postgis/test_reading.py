"""Tables and queries of a real PostGIS as sites and as features."""

import datetime

import pytest
import shapely

from lianzhou_gis.errors import FormatError, MissingFileError, ReferenceSystemError
from lianzhou_gis.formats import read_features, read_sites

pytestmark = pytest.mark.postgis
BOX = "POLYGON ((112.4 24.8, 112.41 24.8, 112.41 24.81, 112.4 24.81, 112.4 24.8))"


def table(server, schema, columns="name text", values="'甲'", shape=f"ST_GeomFromText('{BOX}', 4490)", geom="geometry"):
    server.run(
        f"CREATE TABLE {schema}.zones (id serial PRIMARY KEY, {columns}, geom {geom})",
        f"INSERT INTO {schema}.zones ({', '.join(part.split()[0] for part in columns.split(', '))}, geom) "
        f"VALUES ({values}, {shape})",
    )
    return server.url(f"&table={schema}.zones")


def test_types_come_as_files_have_them(server, schema):
    url = table(
        server,
        schema,
        "b boolean, i smallint, n numeric, w numeric, f real, d date, t timestamp, z timestamptz, c char(6), x text, "
        "u uuid",
        "true, 3, 1.50, 12345678901234567890, 1.1, '2026-08-15', '2026-08-15 08:30', '2026-08-15 08:30+08', 'ab', "
        "NULL, '00000000-0000-0000-0000-000000000001'",
    )
    row = read_features(url).frame.iloc[0]
    assert row["b"] is True and row["i"] == 3 and row["n"] == 1.5 and row["w"] == 12345678901234567890
    assert row["f"] == pytest.approx(1.1, rel=1e-7) and row["f"] != 1.1
    assert row["d"] == datetime.date(2026, 8, 15) and row["t"] == datetime.datetime(2026, 8, 15, 8, 30)
    assert row["z"] == datetime.datetime(2026, 8, 15, 0, 30) and row["c"] == "ab" and row["x"] is None
    assert row["u"].endswith("0001") and "id" not in row and row["source_row"] == 1
    assert row["geometry"].equals(shapely.from_wkt(BOX))


def test_days_without_end_stay_the_texts_that_they_are(server, schema):
    url = table(server, schema, "d date, t timestamp", "'infinity', '-infinity'")
    row = read_features(url).frame.iloc[0]
    assert (row["d"], row["t"]) == ("infinity", "-infinity")


def test_sites_from_a_table_and_from_a_query(server, schema):
    url = table(server, schema, "site_id text, name text", "'S-1', '示例项目'")
    sites = read_sites(url)
    assert list(sites.frame["site_id"]) == ["S-1"] and list(sites.frame["name"]) == ["示例项目"]
    query = f"SELECT upper(site_id) || '%25' AS site_id, geom FROM {schema}.zones WHERE name LIKE '示例%25'"
    asked = read_sites(server.url(f"&query={query}"))
    assert list(asked.frame["site_id"]) == ["S-1%"]
    assert asked.inputs[0].path is None and asked.inputs[0].name == "land/query"


def test_geography_arcs_heights_and_rows_without_a_shape(server, schema):
    server.run(
        f"CREATE TABLE {schema}.g (id int PRIMARY KEY, geog geography(Polygon, 4326))",
        f"INSERT INTO {schema}.g VALUES (7, ST_GeogFromText('{BOX}')), (3, NULL)",
        f"CREATE TABLE {schema}.c (id int, geom geometry)",
        f"INSERT INTO {schema}.c VALUES (1, ST_GeomFromText("
        "'CURVEPOLYGON (CIRCULARSTRING (112.4 24.8, 112.405 24.805, 112.41 24.8, 112.405 24.795, 112.4 24.8))', 4490))",
        f"INSERT INTO {schema}.c VALUES (2, ST_Force3D(ST_GeomFromText('{BOX}', 4490)))",
    )
    geography = read_features(server.url(f"&table={schema}.g"))
    assert geography.system.datum == "wgs84" and list(geography.frame["source_row"]) == [3, 7]
    assert list(geography.frame["id"]) == [3, 7] and geography.frame["geometry"][0] is None
    curved = read_features(server.url(f"&table={schema}.c"))
    assert curved.frame["geometry"][0].area == pytest.approx(3.14159265 * 0.005**2, rel=1e-3)
    assert {issue.code for issue in curved.issues} == {"curves_linearised", "dimension_dropped"}


def test_the_reference_system_is_that_of_the_rows_or_is_given(server, schema):
    plane = table(server, schema, shape="ST_MakeEnvelope(37640000, 2740000, 37641000, 2741000, 4525)")
    assert read_features(plane).system.code == "EPSG:4525"
    server.run(f"UPDATE {schema}.zones SET geom = ST_SetSRID(geom, 0)")
    with pytest.raises(ReferenceSystemError, match="EPSG:4525"):
        read_features(plane)
    assert read_features(plane, crs="EPSG:4525").system.code == "EPSG:4525"
    server.run(f"INSERT INTO {schema}.zones (name, geom) VALUES ('乙', ST_GeomFromText('{BOX}', 4490))")
    with pytest.raises(ReferenceSystemError, match="SRID 0, 4490"):
        read_features(plane)


def test_what_is_not_plain_is_refused_in_one_line(server, schema):
    with pytest.raises(MissingFileError, match=f"{schema}.nothing: no such table"):
        read_features(server.url(f"&table={schema}.nothing"))
    with pytest.raises(MissingFileError):
        read_features(server.url("&table=no_such_schema.zones"))
    server.run(f"CREATE TABLE {schema}.two (a geometry(Point, 4490), b geometry(Point, 4490))")
    with pytest.raises(FormatError, match=r"\(a, b\).*\?geometry=column"):
        read_features(server.url(f"&table={schema}.two"))
    assert [issue.code for issue in read_features(server.url(f"&table={schema}.two&geometry=b")).issues] == [
        "column_left_out"
    ]
    server.run(f"CREATE TABLE {schema}.bare (a int)")
    with pytest.raises(FormatError, match="no geometry column"):
        read_features(server.url(f"&table={schema}.bare"))
    with pytest.raises(FormatError, match=f"{schema}.two"):
        read_features(server.url())
    with pytest.raises(FormatError, match="PostGIS"):
        read_features(f"postgresql://postgres@/bare?host={server.folder}&port={server.port}&table=pg_class")


def test_names_are_never_taken_for_sql(server, schema):
    wild = 'wi"ld; DROP TABLE x; -- %s'
    quoted = wild.replace('"', '""')
    server.run(
        f"CREATE TABLE {schema}.kept (a int)",
        f'CREATE TABLE {schema}."{quoted}" ("co%l""umn" text, "ge%om" geometry(Point, 4490))',
        f"INSERT INTO {schema}.\"{quoted}\" VALUES ('甲', ST_SetSRID(ST_MakePoint(112.4, 24.8), 4490))",
    )
    features = read_features(server.url(), layer=f'{schema}."{quoted}"')
    assert list(features.frame['co%l"umn']) == ["甲"]
    with pytest.raises(FormatError, match="no name of a table"):
        read_features(server.url(), layer=f"{schema}.kept; DROP TABLE {schema}.kept")
    for query in (f"SELECT 1) AS x; DROP TABLE {schema}.kept; --", f"DELETE FROM {schema}.kept RETURNING *"):
        with pytest.raises(FormatError):
            read_features(server.url(f"&query={query}"))
    assert server.ask(f"SELECT count(*) FROM {schema}.kept") == [(0,)]


def test_no_password_is_in_any_message(server, schema):
    table(server, schema)
    secret = "s3cret-w%2Frd"
    doors = {
        "wrong user or password": server.tcp(password=secret),
        "cannot be reached": server.tcp(password=secret, port=1),
        "no such database": server.tcp(password="open-sesame", database="nowhere"),
        "permission is denied": server.tcp(password="open-sesame"),
        "URL is invalid": f"postgresql://reader:{secret}@127.0.0.1:s3cret-w/land",
        "cannot be set": server.tcp(password=secret) + "?passfile=s3cret-w",
    }
    for stated, url in doors.items():
        with pytest.raises(FormatError, match=stated) as caught:
            read_features(url, layer=f"{schema}.zones")
        reported = f"{caught.value.zh} {caught.value.en} {caught.value.__cause__} {caught.getrepr(style='short')}"
        assert "s3cret" not in caught.value.zh + caught.value.en and "sesame" not in caught.value.zh + caught.value.en
        assert caught.value.__cause__ is None or "s3cret" not in str(caught.value.__cause__), reported
    server.run(f"GRANT USAGE ON SCHEMA {schema} TO reader", f"GRANT SELECT ON {schema}.zones TO reader")
    assert len(read_features(server.tcp(password="open-sesame"), layer=f"{schema}.zones").frame) == 1

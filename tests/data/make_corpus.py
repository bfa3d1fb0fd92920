"""Write ``tests/data/formats``: one small file for every format and trap. Run it again after changing it.

    python tests/data/make_corpus.py

All of it shows one plot near 龙坪, 200 m square, in one form or another. What each file must lead to stands in
``docs/formats.md``, and is tested from there.
"""

import io
import json
import shutil
import sqlite3
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

sys.path.insert(0, str(Path(__file__).parent))
from make_filegdb import write_arcs, write_coded

HERE = Path(__file__).parent / "formats"
EAST, NORTH = 650500.0, 2746900.0
CORNERS = [(EAST, NORTH), (EAST + 200, NORTH), (EAST + 200, NORTH + 200), (EAST, NORTH + 200)]
HOLE = [(EAST + 75, NORTH + 75), (EAST + 75, NORTH + 125), (EAST + 125, NORTH + 125), (EAST + 125, NORTH + 75)]
PLANE = shapely.Polygon(CORNERS)
TO_DEGREES = pyproj.Transformer.from_crs("EPSG:4546", "EPSG:4490", always_xy=True)
PLOT = shapely.transform(PLANE, lambda xy: np.column_stack(TO_DEGREES.transform(xy[:, 0], xy[:, 1])))
NAMES = ["名称", "项目负责人"]


def frame(shapes=(PLOT,), crs="EPSG:4490", **columns):
    table = columns or {"名称": [f"地块{number}" for number in range(1, len(shapes) + 1)]}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=crs)


def write(name, content):
    (HERE / name).write_bytes(content.encode() if isinstance(content, str) else content)


def packed(entries):
    """A ZIP of (name, content) with fixed dates; names as bytes are stored as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def folder_of(writer):
    """The files that ``writer`` writes into a folder, by name."""
    with tempfile.TemporaryDirectory() as place:
        writer(Path(place))
        files = sorted(path for path in Path(place).rglob("*") if path.is_file())
        return {path.relative_to(place).as_posix(): path.read_bytes() for path in files}


def shapefile(stem="plots", *, encoding="GBK", cpg=None, prj=True, table=None):
    parts = folder_of(
        lambda place: pyogrio.write_dataframe(
            frame() if table is None else table, place / f"{stem}.shp", encoding=encoding
        )
    )
    parts.pop(f"{stem}.cpg", None)
    if cpg is not None:
        parts[f"{stem}.cpg"] = cpg.encode()
    if not prj:
        parts.pop(f"{stem}.prj")
    return parts


def geopackages():
    def one(name, table, **options):
        path = HERE / name
        path.unlink(missing_ok=True)
        pyogrio.write_dataframe(table, path, driver="GPKG", **options)
        return path

    one("geopackage-plain.gpkg", frame(), layer="plots")
    path = one("geopackage-two-layers.gpkg", frame(), layer="red_line")
    pyogrio.write_dataframe(frame(), path, layer="towns", driver="GPKG", append=True)
    path = one("geopackage-count-too-low.gpkg", frame([PLOT] * 3), layer="plots")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE gpkg_ogr_contents SET feature_count = 2")
    connection.close()
    path = one("geopackage-view.gpkg", frame(), layer="plots")
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE plots RENAME TO source")
        connection.execute(
            "CREATE VIEW plots AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS fid, geom, 名称 FROM n, source"
        )
    connection.close()
    one("geopackage-no-crs.gpkg", frame(crs=None), layer="plots")
    shutil.copy(HERE / "geopackage-plain.gpkg", HERE / "geopackage-named.shp")
    write("geopackage-cut-off.gpkg", (HERE / "geopackage-plain.gpkg").read_bytes()[:30_000])
    path = one("geopackage-nan.gpkg", frame([PLOT, PLOT]), layer="plots")
    broken = shapely.to_wkb(shapely.Polygon([*PLOT.exterior.coords[:2], (np.nan, 24.8), PLOT.exterior.coords[0]]))
    blob = b"GP\x00\x01" + struct.pack("<i", 4490) + broken
    _unwatched(path, "UPDATE plots SET geom = ? WHERE fid = 2", blob)
    path = one("geopackage-claims-billions.gpkg", frame([PLOT, PLOT]), layer="plots")
    claim = struct.pack("<BIII", 1, 3, 1, 4_000_000_000) + bytes(64)
    _unwatched(path, "UPDATE plots SET geom = ? WHERE fid = 2", b"GP\x00\x01" + struct.pack("<i", 4490) + claim)


def _unwatched(path, statement, blob):
    """Change a geometry without the triggers of the spatial index, which only GDAL's SQLite understands."""
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute(statement, (blob,))
    connection.close()


def shapefiles():
    parts = shapefile()
    write("shapefile-gbk-no-cpg.zip", packed(parts.items()))
    write("shapefile-gbk-says-utf8.zip", packed(shapefile(cpg="UTF-8").items()))
    write("shapefile-utf8-says-gbk.zip", packed(shapefile(encoding="UTF-8", cpg="GBK").items()))
    write("shapefile-no-prj.zip", packed(shapefile(prj=False, table=frame([PLANE], crs="EPSG:4546")).items()))
    two = {**parts, **{name.replace("plots", "towns"): content for name, content in parts.items()}}
    write("shapefile-two-in-zip.zip", packed(two.items()))
    write(
        "shapefile-no-shx.zip", packed((name, content) for name, content in parts.items() if not name.endswith("shx"))
    )
    write("shapefile-cut-off.zip", packed((name, content[:150]) for name, content in parts.items()))
    write("shapefile-zip-slip.zip", packed((f"../../{name}", content) for name, content in parts.items()))
    # Ten bytes are five characters of GBK: the sixth is cut in its middle.
    cut = dict(shapefile(table=frame(名称地块甲=["甲"]), encoding="GBK"))
    dbf = bytearray(cut["plots.dbf"])
    dbf[32:43] = "A名称地块甲".encode("gbk")[:10] + b"\x00"
    cut["plots.dbf"] = bytes(dbf)
    write("shapefile-field-name-cut.zip", packed(cut.items()))
    claims = dict(parts)
    shx = bytearray(claims["plots.shx"])
    shx[24:28] = struct.pack(">i", 2_000_000_000)
    claims["plots.shx"] = bytes(shx)
    write("shapefile-claims-billions.zip", packed(claims.items()))


def filegdbs():
    multi = shapely.to_wkb(shapely.MultiPolygon([PLOT]), byte_order=1)
    rows = [("单元甲", 1, multi), ("单元乙", 3, multi), ("单元丙", 9, multi)]
    given = {
        "domain": {"1": "优先保护单元", "2": "重点管控单元", "3": "一般管控单元"},
        "aliases": {"HJZHGKDYMC": "环境综合管控单元名称", "ZHGKDYFL": "管控单元分类"},
    }
    for name, layers in (("filegdb-coded-values.gdb.zip", ["管控单元"]), ("filegdb-two-layers.zip", ["单元", "乡镇"])):
        files = folder_of(lambda place, layers=layers: write_coded(place / "成果.gdb", rows, layers=layers, **given))
        write(name, packed(files.items()))


def texts():
    feature = {"type": "Feature", "properties": {"名称": "地块1"}, "geometry": shapely.geometry.mapping(PLOT)}
    whole = {"type": "FeatureCollection", "features": [feature]}
    write("geojson-plain.geojson", json.dumps(whole, ensure_ascii=False))
    write("geojson-gbk.geojson", json.dumps(whole, ensure_ascii=False).encode("gbk"))
    planar = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(PLANE)}
    write("geojson-planar.geojson", json.dumps(planar))
    write("geojson-nan.geojson", '{"type": "Point", "coordinates": [NaN, 24.8]}')
    write("geojson-nested.geojson", "[" * 50_000)
    write("geojson-absurd.geojson", '{"type": "LineString", "coordinates": [[1e300, 1e300], [112.4, 24.8]]}')
    ring = " ".join(f"{x:.8f},{y:.8f},0" for x, y in PLOT.exterior.coords)
    body = (
        "<Folder><name>红线</name><Placemark><name>地块1</name><ExtendedData><Data name='批复文号'>"
        "<value>示例〔2026〕1号</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>"
    )
    start, end = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>', "</Document></kml>"
    xml = '<?xml version="1.0" encoding="UTF-8"?>\n'
    write("kml-plain.kml", xml + start + body + end)
    write("kml-gbk.kml", ('<?xml version="1.0" encoding="GB2312"?>\n' + start + body + end).encode("gbk"))
    link = "\n<NetworkLink><Link><href>kml-network-link.kml</href></Link></NetworkLink>"
    write("kml-network-link.kml", xml + start + body + link + end)
    write("kml-external-entity.kml", '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + start + "&x;" + end)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    write("kml-billion-laughs.kml", f'<!DOCTYPE kml [<!ENTITY l0 "lol">{laughs}]>{start}&l9;{end}')
    write("kml-nested.kml", start + "<Folder>" * 5000)
    write("kmz-plain.kmz", packed([("doc.kml", xml + start + body + end), ("files/photo.jpg", b"\xff\xd8\xff")]))
    write("wkt-srid.wkt", f"SRID=4546;{PLANE.wkt}\nSRID=4546;{PLANE.wkt}\n")
    write("wkt-nested.wkt", "GEOMETRYCOLLECTION (" * 20_000)
    write("wkb-hex.wkb", shapely.to_wkb(shapely.set_srid(PLOT, 4490), hex=True, include_srid=True))
    write("wkb-plain.wkb", shapely.to_wkb(PLOT))
    write("wkb-nested.wkb", struct.pack("<BII", 1, 7, 1) * 20_000)
    write("wkb-claims-billions.wkb", struct.pack("<BIII", 1, 3, 1, 4_000_000_000) + bytes(64))


def tables():
    def lines(*rows):
        return "\n".join(",".join(str(cell) for cell in row) for row in rows) + "\n"

    degrees = list(PLOT.exterior.coords)[:4]

    def dms(value):
        minutes, seconds = divmod(round(value * 3600, 4), 60)
        whole, minutes = divmod(minutes, 60)
        return int(whole), int(minutes), seconds

    numbered = [f"J{number}" for number in range(1, 5)]
    plane = [(label, north, east) for label, (east, north) in zip(numbered, CORNERS, strict=True)]
    write("csv-x-north.csv", lines(("点号", "X", "Y"), *plane))
    write("csv-x-east.csv", lines(("序号", "X坐标(m)", "Y坐标(m)"), *[(i + 1, *xy) for i, xy in enumerate(CORNERS)]))
    write("csv-gbk-title.csv", ("连州市示例项目拐点坐标表\n" + lines(("点号", "X", "Y"), *plane)).encode("gbk"))
    write(
        "csv-decimal.csv",
        lines(("点号", "经度", "纬度"), *[(f"J{i}", f"{x:.7f}", f"{y:.7f}") for i, (x, y) in enumerate(degrees)]),
    )
    shown = [("{}°{}′{:.4f}″".format(*dms(x)), "{}°{}′{:.4f}″".format(*dms(y))) for x, y in degrees]
    write("csv-dms.csv", lines(("拐点", "经度", "纬度"), *[(f"J{i}", *pair) for i, pair in enumerate(shown)]))
    tight = [
        tuple(
            f"{d}.{m:02d}{s:07.4f}".replace(f"{s:07.4f}", f"{s:07.4f}".replace(".", "")) for d, m, s in map(dms, pair)
        )
        for pair in degrees
    ]
    write(
        "csv-packed-declared.csv",
        lines(("点号", "经度(度分秒)", "纬度(度分秒)"), *[(f"J{i}", *pair) for i, pair in enumerate(tight)]),
    )
    near = [*tight, ("112.29302468", "24.49141357"), ("112.29312469", "24.49151358")]
    write("csv-packed-unsaid.csv", lines(("点号", "经度", "纬度"), *[(f"J{i}", *pair) for i, pair in enumerate(near)]))
    hole = [("A", f"J{number}", 2, north, east) for number, (east, north) in enumerate(HOLE, start=5)]
    first = [("A", label, 1, north, east) for label, north, east in plane]
    second = [("B", label, 1, north + 500, east) for label, north, east in plane]
    write("csv-plots-and-holes.csv", lines(("地块编号", "点号", "圈号", "X", "Y"), *first, *hole, *second))
    mixed = [(label, north, 37_000_000 + east if label != "J4" else 38_000_000 + east) for label, north, east in plane]
    write("csv-zones-mixed.csv", lines(("点号", "X", "Y"), *mixed))
    write("csv-corner-lost.csv", lines(("点号", "X", "Y"), *plane[:2], ("J3", "", ""), plane[3]))
    write("csv-wkt.csv", f'名称,wkt\n地块1,"{PLOT.wkt}"\n')

    def book(name, *sheets):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows, merged in sheets:
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for cells in merged:
                sheet.merge_cells(cells)
        workbook.save(HERE / name)

    head = [["示例项目拐点坐标表"], ["地块", "点号", "坐标", None], [None, None, "X(m)", "Y(m)"]]
    rows = [
        [plot if label == "J1" else None, label, north + shift, east]
        for plot, shift in (("一号", 0), ("二号", 500))
        for label, north, east in plane
    ]
    book("xlsx-merged-head.xlsx", ("拐点", [*head, *rows], ["A1:D1", "C2:D2", "A2:A3", "B2:B3", "A4:A7", "A8:A11"]))
    parts = [[f"J{i}", *dms(x), *dms(y)] for i, (x, y) in enumerate(degrees)]
    two_rows = [["点号", "经度", None, None, "纬度", None, None], [None, "度", "分", "秒", "度", "分", "秒"]]
    book("xlsx-dms-columns.xlsx", ("坐标", [*two_rows, *parts], ["B1:D1", "E1:G1"]))
    plain = [["点号", "X", "Y"], *[list(row) for row in plane]]
    book("xlsx-two-sheets.xlsx", ("旧坐标", plain, []), ("新坐标", plain, []), ("说明", [["无"]], []))
    formula = [row.copy() for row in plain]
    formula[2][1] = "=B2"
    book("xlsx-formula-unsaved.xlsx", ("坐标", formula, []))
    content = (HERE / "xlsx-formula-unsaved.xlsx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    given = [
        (name, data.replace(b"<v></v>", b"<v>2746900</v>").replace(b"<v />", b"<v>2746900</v>"))
        for name, data in entries
    ]
    write("xlsx-formula.xlsx", packed(given))
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><'
    evil = [
        (name, data.replace(b"<worksheet", entity + b"worksheet", 1) if "sheet1" in name else data)
        for name, data in entries
    ]
    write("xlsx-external-entity.xlsx", packed(evil))
    far = openpyxl.Workbook()
    far.active.append(["点号", "X", "Y"])
    far.active["XFD1048576"] = 1
    far.save(HERE / "xlsx-far-cell.xlsx")
    write("xls-old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    write("html-named.xlsx", "<html><table><tr><td>X</td></tr></table></html>")


def drawings():
    def drawing(name, draw, version="R2000"):
        document = ezdxf.new(version)
        document.header["$INSUNITS"] = 6
        draw(document, document.modelspace())
        document.saveas(HERE / name)

    def outlines(document, space):
        document.layers.add("用地红线")
        corners = [(*CORNERS[0], 1.0), *[(x, y, 0.0) for x, y in CORNERS[1:]]]
        space.add_lwpolyline(corners, format="xyb", close=True, dxfattribs={"layer": "用地红线"})
        hatch = space.add_hatch(dxfattribs={"layer": "填充"})
        hatch.paths.add_polyline_path(CORNERS, is_closed=True)
        hatch.paths.add_polyline_path(HOLE, is_closed=True)
        space.add_circle((EAST + 100, NORTH + 100), 50)
        space.add_lwpolyline(CORNERS[:3])
        space.add_text("示例")

    drawing("dxf-bulges-and-hatches.dxf", outlines, "R2010")

    def old(document, space):
        document.encoding = "gbk"
        document.header["$DWGCODEPAGE"] = "ANSI_936"
        document.layers.add("用地红线")
        space.add_polyline2d(CORNERS, close=True, dxfattribs={"layer": "用地红线"})

    drawing("dxf-gbk.dxf", old)
    text = (HERE / "dxf-gbk.dxf").read_bytes()
    write("dxf-gbk-says-western.dxf", text.replace(b"ANSI_936", b"ANSI_1252"))

    def bomb(document, space):
        inner = document.blocks.new("b0")
        inner.add_point((0, 0))
        for level in range(1, 9):
            block = document.blocks.new(f"b{level}")
            for _ in range(10):
                block.add_blockref(f"b{level - 1}", (0, 0))
        space.add_blockref("b8", (EAST, NORTH))

    drawing("dxf-block-bomb.dxf", bomb)
    drawing("dxf-texts-only.dxf", lambda document, space: space.add_text("示例"))
    write("dxf-cut-off.dxf", text[: len(text) // 2])
    write("dwg-drawing.dwg", b"AC1027" + bytes(200))


def others():
    frame().to_parquet(HERE / "geoparquet-plain.parquet")
    table = pq.read_table(HERE / "geoparquet-plain.parquet")
    pq.write_table(table.replace_schema_metadata({}), HERE / "geoparquet-no-metadata.parquet")
    geo = json.loads(table.schema.metadata[b"geo"])
    geo["columns"]["geometry"]["crs"] = None
    pq.write_table(
        table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), HERE / "geoparquet-crs-null.parquet"
    )
    deep = pa.table({"geometry": [struct.pack("<BII", 1, 7, 1) * 20_000], "a": [1]})
    geo["columns"]["geometry"].pop("crs")
    pq.write_table(deep.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), HERE / "geoparquet-nested.parquet")
    pyogrio.write_dataframe(frame(), HERE / "flatgeobuf-plain.fgb", driver="FlatGeobuf")
    write("flatgeobuf-cut-off.fgb", (HERE / "flatgeobuf-plain.fgb").read_bytes()[:200])
    golden = (
        "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号=37\n精度=0.001\n转换参数=,,,,,,\n"
        "[地块坐标]\n5,4.0,1,地块1,面,,工业用地,,@\n"
    )
    ring = [*CORNERS, CORNERS[0]]
    points = [f"J{i % 4 + 1},1,{north:.3f},{37_000_000 + east:.3f}" for i, (east, north) in enumerate(ring)]
    write("txt-plain.txt", golden + "\n".join(points) + "\n")
    write("txt-named.csv", golden + "\n".join(points) + "\n")
    write("zip-in-zip.zip", packed([("inner.zip", packed([("a.txt", "x")]))]))
    write("zip-cut-off.zip", (HERE / "shapefile-gbk-no-cpg.zip").read_bytes()[:300])
    write("pdf-plan.pdf", "%PDF-1.4\n")
    write("empty.gpkg", "")


def arcs():
    """The plot with half a circle instead of its southern side, drawn as an arc wherever a format can."""
    (west, south), _, (east, north), _ = CORNERS
    wkt = (
        f"MULTISURFACE (CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING ({west} {south}, {west + 100} {south - 100}, "
        f"{east} {south}), ({east} {south}, {east} {north}, {west} {north}, {west} {south}))))"
    )
    for name, driver in (("geopackage-arcs.gpkg", "GPKG"), ("flatgeobuf-arcs.fgb", "FlatGeobuf")):
        (HERE / name).unlink(missing_ok=True)
        write_arcs(HERE / name, driver, wkt, epsg=4546)
    files = folder_of(lambda place: write_arcs(place / "arcs.gdb", "OpenFileGDB", wkt, epsg=4546))
    write("filegdb-arcs.gdb.zip", packed(files.items()))
    write("wkt-arcs.wkt", wkt)
    write("csv-wkt-arcs.csv", f'名称,wkt\n地块1,"{wkt}"\n地块2,"{PLANE.wkt}"\n')
    # CIRCULARSTRING, for WKB of it no library here writes.
    arc = struct.pack("<BII6d", 1, 8, 3, 112.4, 24.8, 112.41, 24.81, 112.42, 24.8)
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    table = pa.table({"geometry": [arc, shapely.to_wkb(PLOT)], "a": [1, 2]})
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), HERE / "geoparquet-arcs.parquet")
    write("gml-plots.gml", '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml"/>')


def parcels():
    """The traps of parcel coordinate files, one each."""

    def attributes(system="2000国家大地坐标系", zone="37", parameters=",,,,,,"):
        given = {
            "坐标系": system,
            "几度分带": "3",
            "投影类型": "高斯克吕格",
            "计量单位": "米",
            "带号": zone,
            "精度": "0.001",
        }
        return "[属性描述]\n" + "".join(f"{key}={value}\n" for key, value in given.items()) + f"转换参数={parameters}\n"

    def points(ring=CORNERS, number=1, prefix=37_000_000, first=1, close=True):
        closed = [*ring, ring[0]] if close else ring
        return "".join(
            f"J{first + place % len(ring)},{number},{north:.3f},{prefix + east:.3f}\n"
            for place, (east, north) in enumerate(closed)
        )

    def plot(body, head="5,4.0,1,地块1,面,,工业用地,,@", given=None):
        return (attributes() if given is None else given) + "[地块坐标]\n" + head + "\n" + body

    good = points()
    apart = [(east + 500, north) for east, north in CORNERS]
    files = {
        "gbk": plot(good).encode("gbk"),
        "utf8-mark-crlf": "\ufeff".encode() + plot(good).replace("\n", "\r\n").encode(),
        "hole": plot(points() + points(HOLE, 2, first=5), "10,3.75,1,地块1,面,,工业用地,,@"),
        "hole-restarts": plot(points() + points(HOLE, 2), "10,3.75,1,地块1,面,,工业用地,,@"),
        "second-ring-apart": plot(points() + points(apart, 2, first=5), "10,8.0,1,地块1,面,,工业用地,,@"),
        "axes-swapped": plot(
            "".join(f"J{i % 4 + 1},1,{37_000_000 + e:.3f},{n:.3f}\n" for i, (e, n) in enumerate([*CORNERS, CORNERS[0]]))
        ),
        "no-prefix": plot(points(prefix=0)),
        "no-prefix-no-zone": plot(points(prefix=0), given=attributes(zone="")),
        "prefix-contradicts": plot(good, given=attributes(zone="38")),
        "zones-mixed": plot(good)
        + "5,4.0,2,地块2,面,,工业用地,,@\n"
        + points(
            [(347_186 + x, 2_746_925 + y) for x, y in ((0, 0), (200, 0), (200, 200), (0, 200))], prefix=38_000_000
        ),
        "not-closed": plot(points(close=False), "4,4.0,1,地块1,面,,工业用地,,@"),
        "count-wrong": plot(good, "9,4.0,1,地块1,面,,工业用地,,@"),
        "full-width": plot(good.replace(",", "，"), "5，4.0，1，地块1，面，，工业用地，，@"),
        "blanks-and-commas": plot(
            good.replace(",", " , ").replace("\n", ",\n"), "5, 4.0, 1, 地块1, 面, , 工业用地, , @"
        ),
        "eight-fields": plot(good, "5,4.0,1,地块1,面,,,@"),
        "thirteen-fields": plot(good, "5,4.0,1,地块1,面,,工业用地,0601,,,,,@"),
        "area-with-unit": plot(good, "5,4.0公顷,1,地块1,面,,工业用地,,@"),
        "area-in-square-metres": plot(good, "5,39977.61,1,地块1,面,,工业用地,,@"),
        "area-in-mu": plot(good, "5,59.97,1,地块1,面,,工业用地,,@"),
        "xian80": plot(good, given=attributes("1980西安坐标系")),
        "no-attributes": "[地块坐标]\n5,4.0,1,地块1,面,,工业用地,,@\n" + good,
        "cut-off": plot(points()[:60]),
        "line": plot(points(close=False), "4,0,1,线路1,线,,公路用地,,@"),
    }
    for name, content in files.items():
        write(f"txt-{name}.txt", content)


def shapes():
    """Shapes of every kind, tables as programs write them, reference systems of every spelling."""

    def collection(*geometries, **members):
        features = [
            {"type": "Feature", "properties": {"名称": f"地块{number}"}, "geometry": shape}
            for number, shape in enumerate(geometries, start=1)
        ]
        return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False)

    ring = [list(corner) for corner in PLOT.exterior.coords]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    point = {"type": "Point", "coordinates": [112.49, 24.82]}
    line = {"type": "LineString", "coordinates": ring[:3]}
    write("geojson-mixed-kinds.geojson", collection(polygon, point, line))
    write("geojson-multipart.geojson", collection({"type": "MultiPolygon", "coordinates": [[ring]]}))
    write("geojson-kinds-in-one.geojson", collection({"type": "GeometryCollection", "geometries": [polygon, point]}))
    write("geojson-empty-shape.geojson", collection(polygon, {"type": "Polygon", "coordinates": []}, None))
    write("geojson-heights.geojson", collection({"type": "Polygon", "coordinates": [[[*xy, 95.5] for xy in ring]]}))
    write("geojson-latitude-first.geojson", collection({"type": "Polygon", "coordinates": [[xy[::-1] for xy in ring]]}))
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4546"}}
    plane = {"type": "Polygon", "coordinates": [[list(corner) for corner in PLANE.exterior.coords]]}
    write("geojson-crs-member.geojson", collection(plane, crs=member))
    swapped = [ring[0], ring[2], ring[1], ring[3], ring[0]]
    write("geojson-bow-tie.geojson", collection({"type": "Polygon", "coordinates": [swapped]}))
    write("geojson-texts.geojson", collection(polygon).replace("地块1", "超" * 5000 + "\\n=1+1"))
    rows = "".join(f"J{number};{north};{east}\n" for number, (east, north) in enumerate(CORNERS, start=1))
    write("csv-mark-semicolons.csv", "\ufeff点号;X;Y\n" + rows)
    quoted = "".join(f'"甲\n乙",J{number},{north},{east}\n' for number, (east, north) in enumerate(CORNERS, start=1))
    write("csv-line-ends-in-quotes.csv", "地块,点号,X,Y\n" + quoted)
    prefixed = "".join(f"J{n},{north},{37_000_000 + east}\n" for n, (east, north) in enumerate(CORNERS, start=1))
    write("csv-zone-in-easting.csv", "点号,X,Y\n" + prefixed)
    write("shapefile-heights.zip", packed(shapefile(table=frame([shapely.force_3d(PLOT, 95.5)])).items()))
    write("shapefile-multipart.zip", packed(shapefile(table=frame([shapely.MultiPolygon([PLOT])])).items()))
    for name, epsg, text in (
        ("esri-name", 4525, None),
        ("xian80", 2361, None),
        ("beijing54", 2413, None),
        ("unknown-system", 4525, 'LOCAL_CS["Nonsense",UNIT["Meter",1.0]]'),
    ):
        moved = frame([shapely.affinity.translate(PLANE, 37_000_000)], crs=f"EPSG:{epsg}")
        parts = shapefile(table=moved)
        parts["plots.prj"] = (text or pyproj.CRS(epsg).to_wkt("WKT1_ESRI")).encode()
        write(f"shapefile-{name}.zip", packed(parts.items()))
    path = HERE / "geopackage-without-shape.gpkg"
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(
        frame([PLOT, None], 名称=["甲", None], 面积=[1.5, np.nan]), path, layer="plots", driver="GPKG"
    )


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir(parents=True)
    for make in (geopackages, shapefiles, filegdbs, texts, tables, drawings, others, arcs, parcels, shapes):
        make()

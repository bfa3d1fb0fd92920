"""A FileGDB with aliases and coded values, and arcs. GDAL's C interface alone writes those; pyogrio ships it."""

import ctypes
import struct
from pathlib import Path

import pyogrio

_POINTER, _TEXT, _NUMBER = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_SIGNATURES = {
    "GDALGetDriverByName": (_POINTER, [_TEXT]),
    "GDALCreate": (_POINTER, [_POINTER, _TEXT, _NUMBER, _NUMBER, _NUMBER, _NUMBER, _POINTER]),
    "GDALClose": (None, [_POINTER]),
    "OGR_CodedFldDomain_Create": (_POINTER, [_TEXT, _TEXT, _NUMBER, _NUMBER, _POINTER]),
    "GDALDatasetAddFieldDomain": (ctypes.c_bool, [_POINTER, _POINTER, _POINTER]),
    "OSRNewSpatialReference": (_POINTER, [_TEXT]),
    "OSRImportFromEPSG": (_NUMBER, [_POINTER, _NUMBER]),
    "GDALDatasetCreateLayer": (_POINTER, [_POINTER, _TEXT, _POINTER, _NUMBER, _POINTER]),
    "OGR_Fld_Create": (_POINTER, [_TEXT, _NUMBER]),
    "OGR_Fld_SetAlternativeName": (None, [_POINTER, _TEXT]),
    "OGR_Fld_SetDomainName": (None, [_POINTER, _TEXT]),
    "OGR_L_CreateField": (_NUMBER, [_POINTER, _POINTER, _NUMBER]),
    "OGR_L_GetLayerDefn": (_POINTER, [_POINTER]),
    "OGR_L_CreateFeature": (_NUMBER, [_POINTER, _POINTER]),
    "OGR_F_Create": (_POINTER, [_POINTER]),
    "OGR_F_SetFieldString": (None, [_POINTER, _NUMBER, _TEXT]),
    "OGR_F_SetFieldInteger": (None, [_POINTER, _NUMBER, _NUMBER]),
    "OGR_F_SetGeometryDirectly": (_NUMBER, [_POINTER, _POINTER]),
    "OGR_G_CreateFromWkt": (_NUMBER, [ctypes.POINTER(_TEXT), _POINTER, ctypes.POINTER(_POINTER)]),
    "OGR_G_CreateFromWkb": (_NUMBER, [_TEXT, _POINTER, ctypes.POINTER(_POINTER), _NUMBER]),
}
_INTEGER, _STRING, _MULTIPOLYGON, _MULTISURFACE = 0, 4, 6, 12


class _Coded(ctypes.Structure):
    _fields_ = [("code", _TEXT), ("value", _TEXT)]


def _gdal():
    library = next((Path(pyogrio.__file__).parent.parent / "pyogrio.libs").glob("libgdal*"))
    gdal = ctypes.CDLL(str(library))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(gdal, name)
        function.restype, function.argtypes = result, arguments
    return gdal


def write_arcs(path, driver, wkt, *, epsg):
    """Write a layer of one feature that GDAL knows how to draw with arcs."""
    gdal = _gdal()
    dataset = gdal.GDALCreate(gdal.GDALGetDriverByName(driver.encode()), str(path).encode(), 0, 0, 0, 0, None)
    system = gdal.OSRNewSpatialReference(None)
    gdal.OSRImportFromEPSG(system, epsg)
    layer = gdal.GDALDatasetCreateLayer(dataset, b"plots", system, _MULTISURFACE, None)
    assert gdal.OGR_L_CreateField(layer, gdal.OGR_Fld_Create(b"name", _STRING), 1) == 0
    feature = gdal.OGR_F_Create(gdal.OGR_L_GetLayerDefn(layer))
    gdal.OGR_F_SetFieldString(feature, 0, b"arcs")
    shape, text = _POINTER(), _TEXT(wkt.encode())
    assert gdal.OGR_G_CreateFromWkt(ctypes.byref(text), None, ctypes.byref(shape)) == 0
    gdal.OGR_F_SetGeometryDirectly(feature, shape)
    assert gdal.OGR_L_CreateFeature(layer, feature) == 0
    gdal.GDALClose(dataset)


def write_coded(path, rows, *, domain, aliases, layers=("管控单元",), epsg=4490):
    """Write layers of (text, code, wkb) rows; the fields HJZHGKDYMC and ZHGKDYFL, the second with coded values."""
    gdal = _gdal()
    dataset = gdal.GDALCreate(gdal.GDALGetDriverByName(b"OpenFileGDB"), str(path).encode(), 0, 0, 0, 0, None)
    table = (_Coded * (len(domain) + 1))(*[(code.encode(), text.encode()) for code, text in domain.items()])
    coded = gdal.OGR_CodedFldDomain_Create(b"GKDYFL", b"", _INTEGER, 0, table)
    assert gdal.GDALDatasetAddFieldDomain(dataset, coded, None)
    system = gdal.OSRNewSpatialReference(None)
    gdal.OSRImportFromEPSG(system, epsg)
    for title in layers:
        layer = gdal.GDALDatasetCreateLayer(dataset, title.encode(), system, _MULTIPOLYGON, None)
        for name, kind in (("HJZHGKDYMC", _STRING), ("ZHGKDYFL", _INTEGER)):
            field = gdal.OGR_Fld_Create(name.encode(), kind)
            gdal.OGR_Fld_SetAlternativeName(field, aliases[name].encode())
            if name == "ZHGKDYFL":
                gdal.OGR_Fld_SetDomainName(field, b"GKDYFL")
            assert gdal.OGR_L_CreateField(layer, field, 1) == 0
        for text, code, wkb in rows:
            feature = gdal.OGR_F_Create(gdal.OGR_L_GetLayerDefn(layer))
            gdal.OGR_F_SetFieldString(feature, 0, text.encode())
            gdal.OGR_F_SetFieldInteger(feature, 1, code)
            shape = _POINTER()
            assert struct.unpack("<I", wkb[1:5])[0] == _MULTIPOLYGON
            assert gdal.OGR_G_CreateFromWkb(wkb, None, ctypes.byref(shape), len(wkb)) == 0
            gdal.OGR_F_SetGeometryDirectly(feature, shape)
            assert gdal.OGR_L_CreateFeature(layer, feature) == 0
    gdal.GDALClose(dataset)

"""The statutory series formula for the area of a polygon on the ellipsoid, as an independent method for the tests.

国土调查办发〔2008〕32号 图幅理论面积与图斑椭球面积计算公式及要求, with the ellipsoid of CGCS2000.
"""

import itertools
import math

import shapely

A_AXIS, FLATTENING = 6378137.0, 1 / 298.257222101
B_AXIS = A_AXIS * (1 - FLATTENING)
E2 = (A_AXIS**2 - B_AXIS**2) / A_AXIS**2
A = 1 + 3 / 6 * E2 + 30 / 80 * E2**2 + 35 / 112 * E2**3 + 630 / 2304 * E2**4
B = 1 / 6 * E2 + 15 / 80 * E2**2 + 21 / 112 * E2**3 + 420 / 2304 * E2**4
C = 3 / 80 * E2**2 + 7 / 112 * E2**3 + 180 / 2304 * E2**4
D = 1 / 112 * E2**3 + 45 / 2304 * E2**4
E = 5 / 2304 * E2**4


def ring_area(ring) -> float:
    total = []
    points = [(math.radians(lon), math.radians(lat)) for lon, lat in ring.coords]
    origin = points[0][0]
    for (l1, b1), (l2, b2) in itertools.pairwise(points):
        span, middle, width = b2 - b1, (b1 + b2) / 2, (l1 + l2) / 2 - origin
        terms = (
            A * math.sin(span / 2) * math.cos(middle),
            -B * math.sin(3 * span / 2) * math.cos(3 * middle),
            C * math.sin(5 * span / 2) * math.cos(5 * middle),
            -D * math.sin(7 * span / 2) * math.cos(7 * middle),
            E * math.sin(9 * span / 2) * math.cos(9 * middle),
        )
        total.append(2 * B_AXIS**2 * width * math.fsum(terms))
    return abs(math.fsum(total))


def series_area(geometry) -> float:
    """Area in square metres of a polygon or multipolygon in lon/lat."""
    return math.fsum(
        ring_area(part.exterior) - math.fsum(ring_area(hole) for hole in part.interiors)
        for part in shapely.get_parts(geometry)
    )

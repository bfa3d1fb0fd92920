"""How far a position may be wrong: declared accuracy, last written digit, datum, single precision.

The largest of the grounds counts; where no accuracy is declared, 4 m is assumed (0.4 mm at 1:10,000).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import shapely

from lianzhou_gis.formats.raw_features import Geometries
from lianzhou_gis.geodesy import ReferenceSystem

__all__ = [
    "METRES_PER_DEGREE",
    "UNSTATED_POSITION_ERROR_M",
    "DigitErrors",
    "PositionError",
    "PositionGround",
    "digit_errors",
    "position_error",
    "written_steps",
]

UNSTATED_POSITION_ERROR_M = 4.0
# Of a meridian: no degree is longer.
METRES_PER_DEGREE = 111_000.0
# Worth of the last digit where there are more than six decimals.
_FINEST = 1e-9
# A shape smaller than this many steps may have become a rectangle by rounding.
_FEW_STEPS = 9.5
Floats = npt.NDArray[np.float64]


class PositionGround(StrEnum):
    """What a position error rests on."""

    DECLARED = "declared_accuracy"
    LAST_DIGIT = "last_digit"
    DATUM = "datum"
    SINGLE_PRECISION = "single_precision"
    UNSTATED = "unstated"


@dataclass(frozen=True, slots=True)
class PositionError:
    """How far the position of one site may be wrong.

    Attributes
    ----------
    metres : float
        The largest of the grounds, as a limit.
    grounds : dict of PositionGround to float
        Metres by ground.
    """

    metres: float
    grounds: dict[PositionGround, float]


@dataclass(frozen=True)
class DigitErrors:
    """What the numbers themselves tell of their accuracy.

    Attributes
    ----------
    last_digit_m : ndarray of float, shape (n,)
        Half of the last written digit; 0 where there is no geometry.
    single_precision_m : ndarray of float, shape (n,)
        Half the spacing of single-precision numbers, where all numbers of a record are such; else 0.
    """

    last_digit_m: Floats
    single_precision_m: Floats

    def take(self, rows: npt.NDArray[np.int_]) -> DigitErrors:
        """Return the errors of some records."""
        return DigitErrors(self.last_digit_m[rows], self.single_precision_m[rows])


def written_steps(geometries: Geometries) -> Floats:
    """Return the worth of the last digit of each geometry's numbers: the largest power of ten that divides them all.

    Digits before the point are never doubted: 650500 is exact to one.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        In the unit of the coordinates; NaN without coordinates.

    Examples
    --------
    >>> shapes = np.array(shapely.from_wkt(["POINT (112.42 24.73)", "POINT (650500 2746900.123)"]), dtype=object)
    >>> written_steps(shapes).tolist()
    [0.01, 0.001]
    """
    xy, owners = shapely.get_coordinates(geometries, return_index=True)
    return _steps(xy, owners, len(geometries))


def _steps(xy: Floats, owners: npt.NDArray[np.int_], count: int) -> Floats:
    steps = np.full(count, np.nan)
    if not len(xy):
        return steps
    steps[owners] = _FINEST
    # Most records show fine digits at once; only those that do not are examined further.
    fine = np.zeros(count, dtype=bool)
    fine[owners[_is_finer(xy, 6).any(axis=1)]] = True
    coarse = ~fine[owners]
    if coarse.any():
        decimals = _decimals(xy[coarse], owners[coarse], count)
        rows = np.unique(owners[coarse])
        steps[rows] = 10.0 ** -decimals[rows].astype(np.float64)
    return steps


def _is_finer(xy: Floats, decimals: int) -> npt.NDArray[np.bool_]:
    """Return which numbers need more decimals than these."""
    scaled = xy * 10.0**decimals
    # What a binary fraction adds to a decimal one.
    tolerance = 8.0 * np.finfo(np.float64).eps * np.maximum(np.abs(scaled), 1.0)
    return np.asarray(np.abs(scaled - np.round(scaled)) > tolerance)


def _decimals(xy: Floats, owners: npt.NDArray[np.int_], count: int) -> npt.NDArray[np.int64]:
    """Return how many decimals the numbers of each owner need, up to six."""
    needed = np.zeros(count, dtype=np.int64)
    left, of = xy, owners
    for decimals in range(6):
        finer = _is_finer(left, decimals).any(axis=1)
        if not finer.any():
            break
        left, of = left[finer], of[finer]
        needed[of] = decimals + 1
    return needed


def digit_errors(
    geometries: Geometries, system: ReferenceSystem, steps: Floats | None = None, *, doubles: bool = False
) -> DigitErrors:
    """Return what the digits and the precision of numbers leave open.

    Parameters
    ----------
    geometries : ndarray of shapely geometries or None, shape (n,)
        In the source's own system.
    system : ReferenceSystem
    steps : ndarray of float, shape (n,), optional
        Worth of the last written digit as the reader saw it; NaN or None: found from the numbers.
    doubles : bool
        Whether the numbers were never written as text. Few decimals then tell of rounding only where nothing simpler
        explains them: in a point, in a shape of a few steps, or where both axes show three different values or more. A
        long rectangle or line between round positions may be meant exactly.

    Examples
    --------
    >>> from lianzhou_gis.geodesy import CGCS2000
    >>> digit_errors(np.array(shapely.from_wkt(["POINT (112.42 24.73)"]), dtype=object), CGCS2000).last_digit_m.tolist()
    [555.0]
    """
    unit = METRES_PER_DEGREE if system.crs.is_geographic else _unit_m(system)
    xy, owners = shapely.get_coordinates(geometries, return_index=True)
    worth = _steps(xy, owners, len(geometries))
    if doubles:
        worth = np.where(_shows_rounding(geometries, xy, owners, worth), worth, 0.0)
    if steps is not None:
        worth = np.where(np.isnan(steps), worth, steps)
    single = _single_precision(xy, owners, len(geometries))
    return DigitErrors(np.nan_to_num(0.5 * worth * unit), unit * single)


def _shows_rounding(
    geometries: Geometries, xy: Floats, owners: npt.NDArray[np.int_], steps: Floats
) -> npt.NDArray[np.bool_]:
    """Return which geometries are points, small beside their steps, or varied on both axes."""
    pointed = np.isin(shapely.get_type_id(geometries), (0, 4))
    west, south, east, north = np.asarray(shapely.bounds(geometries), dtype=np.float64).reshape(-1, 4).T
    varied = np.ones(len(geometries), dtype=bool)
    small = np.zeros(len(geometries), dtype=bool)
    for axis, (low, high) in enumerate(((west, east), (south, north))):
        # A third value is one between the least and the greatest.
        values, extent = xy[:, axis], high - low
        between = (values > low[owners]) & (values < high[owners])
        varied &= np.bincount(owners[between], minlength=len(geometries)) > 0
        with np.errstate(invalid="ignore"):
            small |= (extent > 0.0) & (extent < _FEW_STEPS * steps)
    return np.asarray(pointed | varied | small)


def _unit_m(system: ReferenceSystem) -> float:
    axes = system.crs.axis_info
    return float(axes[0].unit_conversion_factor) if axes else 1.0


def _single_precision(xy: Floats, owners: npt.NDArray[np.int_], count: int) -> Floats:
    """Return half the spacing of single-precision numbers for records that hold nothing finer, else 0."""
    errors = np.zeros(count)
    single = xy.astype(np.float32)
    finer = np.zeros(count, dtype=bool)
    finer[owners[(single != xy).any(axis=1)]] = True
    concerned = ~finer[owners] if len(xy) else np.empty(0, dtype=bool)
    if not concerned.any():
        return errors
    xy, owners, single = xy[concerned], owners[concerned], single[concerned]
    # Round numbers are single-precision numbers by chance: a long one must be among them.
    long = (np.abs(xy * 1e5 - np.round(xy * 1e5)) > 1e-4).any(axis=1)
    fraction = (xy != np.round(xy)).any(axis=1) & (np.abs(xy).max(axis=1) > 360.0)
    telling = np.zeros(count, dtype=bool)
    telling[owners[long | fraction]] = True
    np.maximum.at(errors, owners, 0.5 * np.spacing(np.abs(single)).astype(np.float64).max(axis=1))
    errors[~telling] = 0.0
    return errors


def position_error(declared_m: float, last_digit_m: float, single_precision_m: float, datum_m: float) -> PositionError:
    """Return the position error of one site.

    Parameters
    ----------
    declared_m : float
        Accuracy that the source declares, as a limit; NaN where it declares none.
    last_digit_m, single_precision_m, datum_m : float
        Metres; 0 where the ground does not apply.

    Examples
    --------
    >>> position_error(np.nan, 0.0005, 0.0, 0.0).metres, position_error(0.5, 55.0, 0.0, 0.0).metres
    (4.0, 55.0)
    """
    grounds: dict[PositionGround, float] = {}
    if np.isfinite(declared_m):
        grounds[PositionGround.DECLARED] = declared_m
    else:
        grounds[PositionGround.UNSTATED] = UNSTATED_POSITION_ERROR_M
    for ground, metres in (
        (PositionGround.LAST_DIGIT, last_digit_m),
        (PositionGround.SINGLE_PRECISION, single_precision_m),
        (PositionGround.DATUM, datum_m),
    ):
        if metres > 0.0:
            grounds[ground] = metres
    return PositionError(max(grounds.values()), grounds)

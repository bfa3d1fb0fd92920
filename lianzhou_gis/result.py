"""What a screening found: tables and geometry, built where somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianzhou_gis.catalog import Catalog
from lianzhou_gis.errors import Issue
from lianzhou_gis.findings import Assessment
from lianzhou_gis.fingerprint import Fingerprint
from lianzhou_gis.formats import Sites
from lianzhou_gis.layers import Layers
from lianzhou_gis.overlay import Overlay
from lianzhou_gis.rulebook import Derived, Rulebook
from lianzhou_gis.table import cells
from lianzhou_gis.vocabulary import Verdict

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd
    from matplotlib.figure import Figure

    from lianzhou_gis.evidence import Evidence

__all__ = ["Result"]


@dataclass(frozen=True)
class Result:
    """One screening: the verdict for every site, and all that it rests on.

    Attributes
    ----------
    sites_in : Sites
        The sites as read, never changed.
    given : dict
        Facts by ``site_id`` as they were given.
    facts : dict
        Facts by ``site_id`` as the rules saw them, what follows from others included.
    derived : dict of site_id to tuple of Derived
        Which of them follow from others, and by which cited row.
    layers : Layers
        The layers in scope as loaded, with their gaps.
    overlay : Overlay
        What was measured.
    assessment : Assessment
        Findings, gaps, questions, checks and verdicts.
    as_of : datetime.date
        The day whose law and layers were applied.
    scope : tuple of str
        The themes that were looked at.
    frame_index : pandas.Index, optional
        Of the GeoDataFrame that the sites were given as.
    fingerprint : Fingerprint
        Of everything that the answer rests on apart from sites, facts and overrides.
    """

    sites_in: Sites
    given: dict[str, dict[str, Any]]
    facts: dict[str, dict[str, Any]]
    derived: dict[str, tuple[Derived, ...]]
    catalog: Catalog
    layers: Layers
    rulebook: Rulebook
    overlay: Overlay
    assessment: Assessment
    as_of: date
    scope: tuple[str, ...]
    parameters: dict[str, Any]
    fingerprint: Fingerprint
    issues: tuple[Issue, ...] = field(default=())
    frame_index: pd.Index[Any] | None = None

    def __repr__(self) -> str:
        counts = self.assessment.verdicts["verdict"].value_counts()
        summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if verdict in counts)
        open_ = int((~self.assessment.verdicts["complete"].astype(bool)).sum())
        return f"<Result as of {self.as_of}: {len(self.sites_in)} sites; {summary}; {open_} not assessed whole>"

    def _repr_html_(self) -> str:
        from lianzhou_gis.reports import result_card

        return result_card(self)

    @property
    def sites_table(self) -> pd.DataFrame:
        """The sites with their verdicts as a plain table."""
        table = self.sites_in.table.merge(self.assessment.verdicts, on="site_id", validate="one_to_one")
        return table.sort_values("site_id", ignore_index=True)

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """The sites with their verdicts, EPSG:4490; those of a GeoDataFrame with its order and index.

        Every table of a result is a copy: what is written into one changes nothing here.
        """
        if self.frame_index is None:
            return self.sites_by_id.copy()
        table = self.sites_by_id.sort_values("source_row", kind="stable")
        return table.set_axis(self.frame_index, axis="index")

    @cached_property
    def sites_by_id(self) -> gpd.GeoDataFrame:
        """The sites with their verdicts, by ``site_id``; EPSG:4490."""
        return _with_geometry(self.sites_table)

    @property
    def findings(self) -> gpd.GeoDataFrame:
        """Every rule that applies to a site through a zone, with the shared part; EPSG:4490."""
        table = self.assessment.findings.copy()
        # Plain values, so that the table can be written to JSON and Parquet.
        for name in ("citations", "override"):
            # Findings of one rule have the very same citations.
            values = table[name].tolist()
            plain = {key: _plain(value) for key, value in {id(value): value for value in values}.items()}
            table[name] = cells(plain[id(value)] for value in values)
        # A struct without any field cannot be written to Parquet.
        table["facts_used"] = cells(used or None for used in table["facts_used"])
        return _with_geometry(table)

    @property
    def gaps(self) -> gpd.GeoDataFrame:
        """Everything that is not assessed, by name; EPSG:4490."""
        return _with_geometry(self.assessment.gaps.copy())

    @property
    def overlaps(self) -> gpd.GeoDataFrame:
        """Every pair of a site and a zone that overlap, touch or are near; EPSG:4490."""
        return _with_geometry(self.overlay.overlaps.copy())

    @property
    def totals(self) -> pd.DataFrame:
        """Areas per site, theme and grade; net areas by union."""
        return self.overlay.totals.copy()

    @property
    def checks(self) -> pd.DataFrame:
        """One row per site and theme, negatives included."""
        return self.assessment.checks.copy()

    @property
    def access(self) -> pd.DataFrame:
        """Every item of the access lists of the units that a site lies in, compared; one row each."""
        return self.assessment.access.copy()

    @property
    def questions(self) -> list[Any]:
        """The facts that are missing, as questions, those that settle most first."""
        return self.assessment.questions

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """The zones near a site, or nearest to it; EPSG:4490."""
        return _with_geometry(self.overlay.zones_shown.copy())

    @cached_property
    def identity(self) -> Fingerprint:
        """The fingerprint of the whole answer: equal where the same sites were screened on the same ground."""
        columns = self.sites_in.columns
        return self.fingerprint.with_inputs(
            # The order of the sites changes no answer.
            sites=frozenset(
                Fingerprint.from_inputs(site=row).sha256
                for row in zip(*(columns[name].tolist() for name in columns.arrays), strict=True)
            ),
            inputs=frozenset((item.name, item.sha256) for item in self.sites_in.inputs),
            facts=_plain(self.facts),
            overrides=self.assessment.overrides,
        )

    @property
    def certificates(self) -> pd.DataFrame:
        """On what every clear rests, one row per site and theme in scope.

        ``site_id, theme, coverage_m, distance_m, margin_m``: the site widened by ``coverage_m`` lies in the coverage
        of the theme's layers; no zone under a rule that the facts do not exclude is nearer than
        ``distance_m``, and ``margin_m`` is the least that errors of borders and setbacks leave of such a distance.
        """
        import pandas as pd

        from lianzhou_gis.clearance import certificates_of

        found = certificates_of(self)
        count, themes = found.coverage_m.shape
        return pd.DataFrame(
            {
                "site_id": found.site_ids.repeat(themes),
                "theme": list(self.scope) * count,
                **{name: getattr(found, name).ravel() for name in ("coverage_m", "distance_m", "margin_m")},
            }
        )

    @property
    def synthetic(self) -> bool:
        """Whether any layer that was used is synthetic."""
        return any(layer.entry.synthetic for layer in self.layers.layers)

    @property
    def secrecy(self) -> str | None:
        """The highest classification of the layers that were read; ``None`` where one of them states none."""
        return self.layers.secrecy

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the sites with their verdicts as a table of one's own, EPSG:4490."""
        return self.sites

    def query(self, expression: str) -> gpd.GeoDataFrame:
        """Return the sites for which an expression of pandas holds, as ``"worst_possible == 'prohibited'"``."""
        return self.sites.query(expression)

    def finding(self, finding_id: str) -> Evidence:
        """Return one finding with the site and the zone that it rests on.

        Raises
        ------
        RunError
            If there is none of that id.
        """
        from lianzhou_gis.evidence import evidence_of

        return evidence_of(self, finding_id)

    def explore(self) -> folium.Map:
        """Return an ordinary ``folium.Map`` of the run, to which tiles, markers and layers can be added."""
        from lianzhou_gis.maps import explore

        return explore(self)

    def plot(
        self,
        site: str | None = None,
        *,
        themes: Sequence[str] | None = None,
        to: str | Path | None = None,
    ) -> Figure:
        """Return the run as a figure of A4 size for forms and papers, around one site or all of them.

        Parameters
        ----------
        site : str, optional
            ``site_id`` of the site that the figure is about.
        themes : sequence of str, optional
            Which themes are drawn; what is left out is named under the map.
        to : path, optional
            Also write it there, as ``.png``, ``.svg`` or ``.pdf``, the same bytes every time.

        Raises
        ------
        MissingExtraError
            If matplotlib or a Chinese font is not installed.
        FormatError
            If there is no such site or theme, or the name ends otherwise.
        """
        from lianzhou_gis.maps.figures import figure, write_figure

        drawn = figure(self, site, themes=themes)
        if to is not None:
            write_figure(drawn, to)
        return drawn

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the run folder and return its path.

        Raises
        ------
        RunError
            If the folder exists and is not empty, unless ``overwrite`` and it is a run folder.
        """
        from lianzhou_gis.maps import map_page
        from lianzhou_gis.runs import save

        return save(self, Path(folder), pages={"map.html": map_page}, overwrite=overwrite)

    def report(
        self,
        folder: str | Path,
        *,
        kind: str = "form",
        formats: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
    ) -> list[Path]:
        """Write documents of the result and return their paths.

        Parameters
        ----------
        folder : path
        kind : {"form", "annex", "letter", "chapters", "boundary"}
        formats : sequence of str, optional
            ``docx``, ``pdf``, ``xlsx``; ``shp``, ``txt``, ``dxf`` for the boundary. Default those that are filed.
        sites : sequence of str, optional
            Default all of them.

        Raises
        ------
        FormatError
            For an unknown kind, format or site.
        MissingExtraError
            If the extra ``reports`` is not installed.
        """
        from lianzhou_gis.reports.api import write_reports
        from lianzhou_gis.runs import Run

        return list(write_reports(Run.of(self), folder, kind=kind, formats=formats, sites=sites))


def _plain(value: object) -> object:
    """Return records of a cell as plain mappings."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(item) for name, item in asdict(value).items()}
    return value.isoformat() if isinstance(value, date) else value


def _with_geometry(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(frame["geometry"], crs="EPSG:4490"), crs="EPSG:4490")

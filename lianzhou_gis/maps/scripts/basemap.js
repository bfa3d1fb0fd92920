// A ground under the zones, only where the user asked for one: tiles or a picture inside the file, or Tianditu.
function baseMap(app) {
  const base = app.data.basemap;
  if (!base) return;
  const pane = app.map.createPane("lz-base");
  pane.style.zIndex = 150;
  pane.style.pointerEvents = "none";
  if (base.kind === "tiles") {
    const Tiles = L.GridLayer.extend({ createTile: (place) => {
      const picture = document.createElement("img");
      picture.alt = "";
      const content = base.tiles[place.z + "/" + place.x + "/" + place.y];
      if (content) picture.src = content;
      return picture;
    } });
    new Tiles({ pane: "lz-base", minZoom: base.zooms[0] - 2, minNativeZoom: base.zooms[0], maxNativeZoom: base.zooms[1] }).addTo(app.map);
  } else if (base.kind === "picture") {
    L.imageOverlay(base.picture, base.bounds, { pane: "lz-base", alt: "" }).addTo(app.map);
  } else if (base.kind === "tianditu") {
    for (const layer of base.layers) {
      const address = "https://t{s}.tianditu.gov.cn/" + layer + "_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=" + layer
        + "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=" + encodeURIComponent(base.key);
      L.tileLayer(address, { pane: "lz-base", subdomains: "01234567", maxNativeZoom: 18 }).addTo(app.map);
    }
  }
}

// Zones are drawn on canvas tiles, each layer in a pane of its own: it can be switched, faded and asked what lies where.
const TILE = 512, MARGIN = 12;

// A ring on a tile. Vertices nearer than a pixel are passed over, and so are runs of them that lie beyond one edge.
function trace(ink, ring, scale, left, top) {
  const last = ring.length - 2;
  let drawnX = 0, drawnY = 0, run = 0, held = false, heldX = 0, heldY = 0;
  for (let index = 0; index <= last; index += 2) {
    const x = ring[index] * scale - left, y = ring[index + 1] * scale - top;
    if (index === 0) {
      ink.moveTo(x, y);
    } else {
      const side = (x < -MARGIN ? 1 : x > TILE + MARGIN ? 2 : 0) | (y < -MARGIN ? 4 : y > TILE + MARGIN ? 8 : 0);
      if (index !== last) {
        if (run & side) { run &= side; held = true; heldX = x; heldY = y; continue; }
        if (!held && Math.abs(x - drawnX) + Math.abs(y - drawnY) < 0.8) continue;
      }
      if (held) { ink.lineTo(heldX, heldY); held = false; }
      ink.lineTo(x, y);
    }
    run = (x < -MARGIN ? 1 : x > TILE + MARGIN ? 2 : 0) | (y < -MARGIN ? 4 : y > TILE + MARGIN ? 8 : 0);
    drawnX = x;
    drawnY = y;
  }
}
function drawZone(ink, zone, style, fill, scale, left, top) {
  const width = (zone.shape.box[2] - zone.shape.box[0]) * scale, height = (zone.shape.box[3] - zone.shape.box[1]) * scale;
  ink.strokeStyle = style.line;
  ink.lineWidth = style.width;
  for (const part of zone.shape.parts) {
    ink.beginPath();
    if (part.kind === "p") {
      for (const ring of part.rings) ink.arc(ring[0] * scale - left, ring[1] * scale - top, 5, 0, 2 * Math.PI);
    } else {
      for (const ring of part.rings) {
        trace(ink, ring, scale, left, top);
        if (part.kind === "a") ink.closePath();
      }
    }
    if (part.kind !== "l" && style.pattern !== "outline") {
      ink.fillStyle = fill;
      ink.fill("evenodd");
    }
    // Where many small areas lie in a few pixels their borders would blacken the map.
    if (part.kind !== "a" || Math.max(width, height) > 3) ink.stroke();
  }
}
function zoneLayers(app) {
  const Zones = L.GridLayer.extend({
    createTile: function (place) {
      const tile = document.createElement("canvas"), ratio = window.devicePixelRatio > 1 ? 2 : 1;
      tile.width = tile.height = TILE * ratio;
      const ink = tile.getContext("2d"), scale = 256 * Math.pow(2, place.z);
      const left = place.x * TILE, top = place.y * TILE, reach = MARGIN / scale;
      ink.scale(ratio, ratio);
      ink.lineJoin = "round";
      const west = left / scale - reach, east = (left + TILE) / scale + reach, north = top / scale - reach, south = (top + TILE) / scale + reach;
      for (const zone of this.options.zones) {
        const box = zone.shape.box;
        if (box[0] > east || box[2] < west || box[1] > south || box[3] < north) continue;
        const style = this.options.styles[zone.style];
        drawZone(ink, zone, style, app.patterns.canvas(style, ratio), scale, left, top);
      }
      return tile;
    },
  });
  return app.data.layers.map((layer, place) => {
    const pane = app.map.createPane("lz-zones-" + place);
    pane.style.zIndex = 300 + place;
    pane.style.pointerEvents = "none";
    const zones = [];
    layer.shapes.forEach((parts, index) => {
      const shape = readShape(parts);
      if (shape) zones.push({ shape: shape, style: layer.grades[index], name: layer.names[index], id: layer.ids[index], of: layer.of[index], more: layer.more[index], layer: layer });
    });
    const grid = new Zones({ zones: zones, styles: layer.styles, pane: "lz-zones-" + place, tileSize: TILE, updateWhenZooming: false, keepBuffer: 1 });
    const entry = { layer: layer, zones: zones, grid: grid, shown: false };
    entry.show = (on) => {
      entry.shown = on;
      if (on) grid.addTo(app.map); else grid.remove();
    };
    entry.show(layer.shown);
    return entry;
  });
}
function zonesAt(app, place) {
  const [x, y] = toWorld(place.lng, place.lat), reach = 6 / (256 * Math.pow(2, app.map.getZoom()));
  return app.zones.filter((entry) => entry.shown).flatMap((entry) => entry.zones.filter((zone) => holds(zone.shape, x, y, reach)));
}
function zoneTitle(zone) {
  const words = zone.layer.legend.find((row) => row.style === zone.style);
  const grade = zone.style && words ? words.text : null;
  return [zone.layer.title, grade, zone.name || zone.id].filter(Boolean).join(" · ");
}

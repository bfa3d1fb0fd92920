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
// A ring as coarse as the zoom allows: made once for each of three zooms, each half a pixel of its own.
const COARSE = [9, 11, 13];
function ringAt(part, index, zoom) {
  const level = COARSE.find((most) => zoom <= most);
  const ring = part.rings[index];
  if (!level || ring.length < 60) return ring;
  const made = part.coarse || (part.coarse = {}), key = level + "/" + index;
  if (!made[key]) {
    const least = 0.5 / (256 * Math.pow(2, level)), kept = [ring[0], ring[1]], last = ring.length - 2;
    let x = ring[0], y = ring[1];
    for (let place = 2; place < last; place += 2) {
      if (Math.abs(ring[place] - x) < least && Math.abs(ring[place + 1] - y) < least) continue;
      x = ring[place];
      y = ring[place + 1];
      kept.push(x, y);
    }
    kept.push(ring[last], ring[last + 1]);
    made[key] = Float64Array.from(kept);
  }
  return made[key];
}
// Tiles are drawn a slice at a time, so that the map moves while they are being made.
const SLICE_MS = 10;
const waiting = [];
let drawing = 0;
function drawLater(job) {
  waiting.push(job);
  if (!drawing) drawing = window.requestAnimationFrame(drawSome);
}
function drawSome() {
  const until = performance.now() + SLICE_MS;
  while (waiting.length && performance.now() < until) {
    if (waiting[0]()) waiting.shift();
  }
  drawing = waiting.length ? window.requestAnimationFrame(drawSome) : 0;
}
function whenDrawn(action) {
  if (waiting.length) window.setTimeout(() => whenDrawn(action), 50); else action();
}
function drawZone(ink, zone, style, fill, scale, left, top, zoom) {
  const width = (zone.shape.box[2] - zone.shape.box[0]) * scale, height = (zone.shape.box[3] - zone.shape.box[1]) * scale;
  ink.strokeStyle = style.line;
  ink.lineWidth = style.width;
  for (const part of zone.shape.parts) {
    ink.beginPath();
    if (part.kind === "p") {
      for (const ring of part.rings) ink.arc(ring[0] * scale - left, ring[1] * scale - top, 5, 0, 2 * Math.PI);
    } else {
      for (let index = 0; index < part.rings.length; index += 1) {
        trace(ink, ringAt(part, index, zoom), scale, left, top);
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
    createTile: function (place, done) {
      const scale = 256 * Math.pow(2, place.z), left = place.x * TILE, top = place.y * TILE, reach = MARGIN / scale;
      const west = left / scale - reach, east = (left + TILE) / scale + reach, north = top / scale - reach, south = (top + TILE) / scale + reach;
      const seen = this.options.zones.filter(({ shape: { box: box } }) => !(box[0] > east || box[2] < west || box[1] > south || box[3] < north));
      if (!seen.length) {
        // Most tiles of most layers are empty: a canvas for each would make moving the map slow.
        const empty = document.createElement("div");
        window.setTimeout(() => done(null, empty), 0);
        return empty;
      }
      const tile = document.createElement("canvas"), ratio = window.devicePixelRatio > 1 ? 2 : 1;
      tile.width = tile.height = TILE * ratio;
      const ink = tile.getContext("2d");
      ink.scale(ratio, ratio);
      ink.lineJoin = "round";
      const draw = (zone) => {
        const style = this.options.styles[zone.style];
        drawZone(ink, zone, style, app.patterns.canvas(style, ratio), scale, left, top, place.z);
      };
      // Paper does not wait.
      if (app.printing) {
        seen.forEach(draw);
        window.setTimeout(() => done(null, tile), 0);
        return tile;
      }
      let next = 0;
      drawLater(() => {
        // A tile that went out of sight in the meantime is not worth the time.
        if (!tile.isConnected && next) next = seen.length;
        if (seen[next]) draw(seen[next]);
        next += 1;
        if (next < seen.length) return false;
        done(null, tile);
        return true;
      });
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

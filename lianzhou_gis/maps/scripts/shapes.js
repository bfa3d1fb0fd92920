// Shapes come as texts (see drawing.py) and are kept as Web Mercator numbers in 0..1, ready to draw and to ask.
const DIGITS = {};
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("").forEach((letter, index) => { DIGITS[letter.charCodeAt(0)] = index; });
const UNITS = 1e6;

function toWorld(longitude, latitude) {
  const s = Math.sin((latitude * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}
function toLatLng(x, y) {
  return [(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360];
}
function readRing(text) {
  const numbers = [];
  let value = 0, shift = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = DIGITS[text.charCodeAt(index)];
    value += (digit & 31) * Math.pow(2, shift);
    if (digit & 32) { shift += 5; continue; }
    const half = Math.floor(value / 2);
    numbers.push(value % 2 ? -half : half);
    value = 0;
    shift = 0;
  }
  const ring = new Float64Array(numbers.length);
  let east = 0, north = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    east += numbers[index];
    north += numbers[index + 1];
    const world = toWorld(east / UNITS, north / UNITS);
    ring[index] = world[0];
    ring[index + 1] = world[1];
  }
  return ring;
}
function readShape(parts) {
  if (!parts) return null;
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const read = parts.map(([kind, ...texts]) => ({ kind: kind, rings: texts.map(readRing) }));
  for (const part of read) {
    for (const ring of part.rings) {
      for (let index = 0; index < ring.length; index += 2) {
        if (ring[index] < box[0]) box[0] = ring[index];
        if (ring[index] > box[2]) box[2] = ring[index];
        if (ring[index + 1] < box[1]) box[1] = ring[index + 1];
        if (ring[index + 1] > box[3]) box[3] = ring[index + 1];
      }
    }
  }
  return { parts: read, box: box };
}
function boundsOf(shape) {
  return L.latLngBounds(toLatLng(shape.box[0], shape.box[3]), toLatLng(shape.box[2], shape.box[1]));
}
function ringLatLngs(ring) {
  const points = [];
  for (let index = 0; index < ring.length; index += 2) points.push(toLatLng(ring[index], ring[index + 1]));
  return points;
}
// One Leaflet layer of a shape: for the few that are chosen, clicked and lit up.
function shapeLayer(shape, options) {
  const group = L.featureGroup();
  for (const part of shape.parts) {
    const rings = part.rings.map(ringLatLngs);
    if (part.kind === "a") group.addLayer(L.polygon(rings, options));
    else if (part.kind === "l") group.addLayer(L.polyline(rings, Object.assign({}, options, { fill: false })));
    else for (const ring of rings) group.addLayer(L.circleMarker(ring[0], Object.assign({ radius: 6 }, options)));
  }
  return group;
}
// Whether a point lies in a shape; lines and points count within a small reach.
function holds(shape, x, y, reach) {
  const box = shape.box;
  if (x < box[0] - reach || x > box[2] + reach || y < box[1] - reach || y > box[3] + reach) return false;
  return shape.parts.some((part) => {
    if (part.kind !== "a") return part.rings.some((ring) => beside(ring, x, y, reach));
    let inside = false;
    for (const ring of part.rings) {
      for (let index = 0; index < ring.length - 2; index += 2) {
        const y1 = ring[index + 1], y2 = ring[index + 3];
        if ((y1 > y) !== (y2 > y) && x < ring[index] + ((y - y1) / (y2 - y1)) * (ring[index + 2] - ring[index])) inside = !inside;
      }
    }
    return inside;
  });
}
function beside(ring, x, y, reach) {
  if (ring.length === 2) return Math.hypot(ring[0] - x, ring[1] - y) <= reach;
  for (let index = 0; index < ring.length - 2; index += 2) {
    const dx = ring[index + 2] - ring[index], dy = ring[index + 3] - ring[index + 1], square = dx * dx + dy * dy;
    const along = square ? Math.max(0, Math.min(1, ((x - ring[index]) * dx + (y - ring[index + 1]) * dy) / square)) : 0;
    if (Math.hypot(ring[index] + along * dx - x, ring[index + 1] + along * dy - y) <= reach) return true;
  }
  return false;
}

// The ellipsoid of CGCS2000: where a point is in its 3-degree zone, how far two points are, how large an area is.
const A = 6378137, F = 1 / 298.257222101, B = A * (1 - F), E2 = F * (2 - F), RADIANS = Math.PI / 180;

// Gauss-Krueger by Krueger's series in n to the sixth order; northing and easting with the number of the zone in front.
const KRUEGER = (() => {
  const n = F / (2 - F), n2 = n * n, n3 = n2 * n, n4 = n3 * n, n5 = n4 * n, n6 = n5 * n;
  return {
    radius: (A / (1 + n)) * (1 + n2 / 4 + n4 / 64 + n6 / 256),
    alpha: [
      n / 2 - (2 / 3) * n2 + (5 / 16) * n3 + (41 / 180) * n4 - (127 / 288) * n5 + (7891 / 37800) * n6,
      (13 / 48) * n2 - (3 / 5) * n3 + (557 / 1440) * n4 + (281 / 630) * n5 - (1983433 / 1935360) * n6,
      (61 / 240) * n3 - (103 / 140) * n4 + (15061 / 26880) * n5 + (167603 / 181440) * n6,
      (49561 / 161280) * n4 - (179 / 168) * n5 + (6601661 / 7257600) * n6,
      (34729 / 80640) * n5 - (3418889 / 1995840) * n6,
      (212378941 / 319334400) * n6,
    ],
  };
})();
function zoneOf(longitude) {
  return Math.floor((longitude + 1.5) / 3);
}
function gaussKrueger(longitude, latitude, zone) {
  const number = zone === undefined ? zoneOf(longitude) : zone;
  const lambda = (longitude - 3 * number) * RADIANS, phi = latitude * RADIANS, e = Math.sqrt(E2);
  const tau = Math.tan(phi), sigma = Math.sinh(e * Math.atanh((e * tau) / Math.hypot(1, tau)));
  const conformal = tau * Math.hypot(1, sigma) - sigma * Math.hypot(1, tau);
  const xi = Math.atan2(conformal, Math.cos(lambda)), eta = Math.asinh(Math.sin(lambda) / Math.hypot(conformal, Math.cos(lambda)));
  let north = xi, east = eta;
  KRUEGER.alpha.forEach((alpha, index) => {
    const k = 2 * (index + 1);
    north += alpha * Math.sin(k * xi) * Math.cosh(k * eta);
    east += alpha * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { zone: number, x: KRUEGER.radius * north, y: number * 1e6 + 500000 + KRUEGER.radius * east };
}

// Vincenty's inverse: the geodesic, right to a millimetre over any distance in a county.
function geodesic(lon1, lat1, lon2, lat2) {
  const L0 = (lon2 - lon1) * RADIANS;
  const u1 = Math.atan((1 - F) * Math.tan(lat1 * RADIANS)), u2 = Math.atan((1 - F) * Math.tan(lat2 * RADIANS));
  const s1 = Math.sin(u1), c1 = Math.cos(u1), s2 = Math.sin(u2), c2 = Math.cos(u2);
  let lambda = L0, sinS = 0, cosS = 1, sigma = 0, cos2A = 1, cosM = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    const sinL = Math.sin(lambda), cosL = Math.cos(lambda);
    sinS = Math.hypot(c2 * sinL, c1 * s2 - s1 * c2 * cosL);
    if (sinS === 0) return 0;
    cosS = s1 * s2 + c1 * c2 * cosL;
    sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * sinL) / sinS;
    cos2A = 1 - sinA * sinA;
    cosM = cos2A === 0 ? 0 : cosS - (2 * s1 * s2) / cos2A;
    const c = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A)), before = lambda;
    lambda = L0 + (1 - c) * F * sinA * (sigma + c * sinS * (cosM + c * cosS * (2 * cosM * cosM - 1)));
    if (Math.abs(lambda - before) < 1e-12) break;
  }
  const u = (cos2A * (A * A - B * B)) / (B * B);
  const a = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
  const b = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
  const d = b * sinS * (cosM + (b / 4) * (cosS * (2 * cosM * cosM - 1) - (b / 6) * cosM * (4 * sinS * sinS - 3) * (4 * cosM * cosM - 3)));
  return B * a * (sigma - d);
}

// The area of a ring in the equal-area cylinder, in which the areas of the tables are measured as well.
function authalic(latitude) {
  const e = Math.sqrt(E2), s = Math.sin(latitude * RADIANS);
  return (1 - E2) * (s / (1 - E2 * s * s) + Math.atanh(e * s) / e);
}
function ringArea(points) {
  const [lon0, lat0] = points[0], q0 = authalic(lat0);
  let twice = 0;
  points.forEach(([lon, lat], index) => {
    const [nextLon, nextLat] = points[(index + 1) % points.length];
    twice += (lon - lon0) * (authalic(nextLat) - q0) - (nextLon - lon0) * (authalic(lat) - q0);
  });
  return (Math.abs(twice) / 4) * RADIANS * A * A;
}

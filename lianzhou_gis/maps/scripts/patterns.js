// Patterns: colour alone tells nothing to those who do not see it. One table for canvas, SVG and legend.
function patternBook(patterns) {
  const defs = svg("svg", { width: 0, height: 0, "aria-hidden": "true", focusable: "false", class: "lz-defs" });
  document.body.appendChild(defs);
  const known = {};
  function stroke(style) { return style.pattern === "dots" ? 2 : 1.2; }
  function forSvg(style) {
    const key = style.fill + "/" + style.pattern;
    if (!known[key]) {
      const id = "lz-pattern-" + Object.keys(known).length, kind = patterns[style.pattern];
      const cell = svg("pattern", { id: id, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
      cell.appendChild(svg("rect", { width: 8, height: 8, fill: style.fill, "fill-opacity": kind.tint }));
      for (const path of kind.paths) cell.appendChild(svg("path", { d: path, stroke: style.fill, "stroke-width": stroke(style), fill: "none" }));
      defs.appendChild(cell);
      known[key] = "url(#" + id + ")";
    }
    return known[key];
  }
  const inked = {};
  function forCanvas(style, ratio) {
    const key = style.fill + "/" + style.pattern + "/" + ratio;
    if (!inked[key]) {
      const kind = patterns[style.pattern], cell = document.createElement("canvas");
      cell.width = cell.height = 8 * ratio;
      const ink = cell.getContext("2d");
      ink.scale(ratio, ratio);
      ink.fillStyle = ink.strokeStyle = style.fill;
      ink.lineWidth = stroke(style);
      ink.globalAlpha = kind.tint;
      ink.fillRect(0, 0, 8, 8);
      ink.globalAlpha = 1;
      for (const path of kind.paths) ink.stroke(new Path2D(path));
      inked[key] = ink.createPattern(cell, "repeat");
      inked[key].setTransform(new DOMMatrix().scale(1 / ratio));
    }
    return inked[key];
  }
  function swatch(style, dash) {
    const box = svg("svg", { width: 26, height: 16, "aria-hidden": "true", focusable: "false" });
    const fill = style.pattern === "outline" ? "none" : forSvg(style);
    box.appendChild(svg("rect", { x: 1, y: 1, width: 24, height: 14, fill: fill, stroke: style.line, "stroke-width": 1.5, "stroke-dasharray": dash || "none" }));
    return box;
  }
  return { svg: forSvg, canvas: forCanvas, swatch: swatch };
}

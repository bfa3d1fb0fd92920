// The planner's map. A constant of the package: data comes only from a JSON element and is only ever written as text.
function lianzhouPlanner(map, dataId) {
  "use strict";
  const data = JSON.parse(document.getElementById(dataId).textContent);
  const NS = "http://www.w3.org/2000/svg";

  function make(tag, text, className) {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = String(text);
    if (className) element.className = className;
    return element;
  }
  function svg(tag, attributes) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
  function area(m2) {
    if (m2 === null || m2 === undefined) return "";
    const hectares = m2 / 10000;
    return m2.toFixed(2) + " m²（" + hectares.toFixed(4) + " 公顷，" + (hectares * 15).toFixed(2) + " 亩）";
  }
  function percent(share) {
    const value = share * 100;
    return value > 0 && value < 0.01 ? "<0.01%" : value.toFixed(2) + "%";
  }

  // Patterns: colour alone tells nothing to those who do not see it.
  const LINES = {
    diagonal: ["M0,8 L8,0"], cross: ["M0,8 L8,0", "M0,0 L8,8"], horizontal: ["M0,4 L8,4"], vertical: ["M4,0 L4,8"],
    dots: ["M3,4 L5,4"], hatch: ["M0,8 L8,0", "M-2,2 L2,-2", "M6,10 L10,6"],
  };
  const defs = svg("svg", { width: 0, height: 0, "aria-hidden": "true" });
  document.body.appendChild(defs);
  const known = {};
  function fill(style) {
    const key = style.fill + "/" + style.pattern;
    if (!known[key]) {
      const id = "lz-pattern-" + Object.keys(known).length;
      const pattern = svg("pattern", { id: id, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
      const solid = style.pattern === "none" ? 0.45 : 0.22;
      if (style.pattern !== "hatch") {
        pattern.appendChild(svg("rect", { width: 8, height: 8, fill: style.fill, "fill-opacity": solid }));
      }
      for (const path of LINES[style.pattern] || []) {
        pattern.appendChild(svg("path", { d: path, stroke: style.fill, "stroke-width": style.pattern === "dots" ? 2 : 1.3 }));
      }
      defs.appendChild(pattern);
      known[key] = "url(#" + id + ")";
    }
    return known[key];
  }
  function swatch(style, dash) {
    const box = svg("svg", { width: 26, height: 16, "aria-hidden": "true" });
    box.appendChild(svg("rect", {
      x: 1, y: 1, width: 24, height: 14, fill: fill(style), stroke: style.line, "stroke-width": 1.5,
      "stroke-dasharray": dash || "",
    }));
    return box;
  }
  const HATCH = { fill: "#444444", line: "#444444", pattern: "hatch" };

  const renderer = L.svg({ padding: 0.5 });
  function draw(geometry, options) {
    return L.geoJSON({ type: "Feature", geometry: geometry, properties: {} }, {
      style: Object.assign({ renderer: renderer }, options),
      pointToLayer: (feature, place) => L.circleMarker(place, Object.assign({ radius: 6, renderer: renderer }, options)),
    });
  }
  function caption(layer, text) {
    const label = make("span", text);
    layer.bindTooltip(label, { sticky: true });
  }

  const groups = data.layers.map((layer) => {
    const group = L.layerGroup();
    for (const feature of layer.features) {
      const style = layer.styles[feature.style];
      const shape = draw(feature.geometry, {
        color: style.line, weight: style.width, opacity: 0.9, fillColor: fill(style), fillOpacity: 1,
      });
      caption(shape, [layer.title, feature.grade, feature.name || feature.zone_id].filter(Boolean).join(" · "));
      group.addLayer(shape);
    }
    if (layer.shown) group.addTo(map);
    return group;
  });
  const gapGroup = L.layerGroup(data.gaps.map((gap) => {
    const shape = draw(gap.geometry, { color: HATCH.line, weight: 1, dashArray: "3 3", fillColor: fill(HATCH), fillOpacity: 1 });
    caption(shape, "未核查：" + gap.reason);
    return shape;
  })).addTo(map);
  const pieceGroup = L.layerGroup(data.pieces.map((piece) =>
    draw(piece.geometry, { color: "#000000", weight: 1, fillColor: "#000000", fillOpacity: 0.25, interactive: false })
  )).addTo(map);

  const shapes = {};
  const siteGroup = L.featureGroup().addTo(map);
  for (const site of data.sites) {
    if (!site.geometry) continue;
    const own = data.verdicts[site.verdict], worst = data.verdicts[site.worst];
    const shape = draw(site.geometry, {
      color: worst.colour, weight: 4, dashArray: worst.line === "dashed" ? "6 4" : null, fillColor: own.colour, fillOpacity: 0.55,
    });
    caption(shape, site.site_id + " " + (site.name || "") + "：" + site.label);
    shape.on("click", () => select(site.site_id, false));
    shapes[site.site_id] = shape;
    siteGroup.addLayer(shape);
    if (site.outfall) {
      const outfall = draw(site.outfall, { color: "#08306b", weight: 2, fillColor: "#ffffff", fillOpacity: 1, radius: 5 });
      caption(outfall, site.site_id + " 排污口");
      siteGroup.addLayer(outfall);
    }
  }

  // The panel: verdicts, then the grounds of the site that is chosen.
  const panel = make("div", null, "lz-panel");
  const place = document.getElementById("lz-panel");
  if (place) {
    place.appendChild(panel);
  } else {
    const Control = L.Control.extend({ onAdd: () => { const box = make("div", null, "lz-box"); box.appendChild(panel);
      L.DomEvent.disableClickPropagation(box); L.DomEvent.disableScrollPropagation(box); return box; } });
    new Control({ position: "topleft" }).addTo(map);
  }
  panel.appendChild(make("h1", data.title));
  if (data.synthetic) panel.appendChild(make("p", data.synthetic, "lz-mark"));
  panel.appendChild(make("p", data.disclaimer + "。" + data.notice + "。", "lz-mark"));
  panel.appendChild(make("p", "基准日 " + data.as_of + "；规则库 " + data.rulebook + "；核查范围：" + data.scope, "lz-small"));
  panel.appendChild(make("h2", "项目（按最坏可能排列）"));
  const list = make("div");
  panel.appendChild(list);
  const details = make("section");
  details.setAttribute("aria-live", "polite");
  panel.appendChild(details);
  const buttons = {};
  for (const site of data.sites) {
    const button = make("button", null, "lz-site");
    button.type = "button";
    button.style.borderLeftColor = data.verdicts[site.worst].colour;
    button.setAttribute("aria-pressed", "false");
    button.appendChild(make("div", site.site_id + (site.name ? " " + site.name : "")));
    button.appendChild(make("div", site.label, "lz-small"));
    button.addEventListener("click", () => select(site.site_id, true));
    buttons[site.site_id] = button;
    list.appendChild(button);
  }
  panel.appendChild(make("h2", "图层来源"));
  panel.appendChild(table(["图层", "文件", "数据日期"], data.sources.map((source) => [source.title, source.document, source.data_date])));
  panel.appendChild(make("p", "图形为显示作过简化，面积与距离以结果表为准。", "lz-small"));

  function table(heads, rows) {
    const element = make("table"), head = make("tr");
    for (const text of heads) { const cell = make("th", text); cell.scope = "col"; head.appendChild(cell); }
    element.appendChild(head);
    for (const row of rows) {
      const line = make("tr");
      for (const value of row) line.appendChild(make("td", value));
      element.appendChild(line);
    }
    return element;
  }
  function facts(finding) {
    const parts = [finding.theme, finding.zone, finding.relation].filter(Boolean);
    if (finding.area_m2) parts.push("面积 " + area(finding.area_m2));
    if (finding.share) parts.push("占项目 " + percent(finding.share));
    if (finding.length_m) parts.push("长度 " + finding.length_m.toFixed(2) + " m");
    if (finding.distance_m) parts.push("距离 " + finding.distance_m.toFixed(2) + " m");
    return parts.join("；");
  }
  function addFinding(finding) {
    const box = make("div", null, "lz-finding");
    box.appendChild(make("h3", "【" + finding.effect + "】" + finding.title + (finding.doubtful ? "（疑似边界误差）" : "")));
    box.appendChild(make("p", facts(finding)));
    box.appendChild(make("p", finding.text));
    for (const citation of finding.citations) box.appendChild(make("p", "依据：" + citation, "lz-small"));
    box.appendChild(make("p", "下一步：" + finding.action));
    box.appendChild(make("p", "主管：" + finding.authority, "lz-small"));
    if (finding.override) box.appendChild(make("p", "人工判断：" + JSON.stringify(finding.override)));
    details.appendChild(box);
  }
  let chosen = null;
  function select(id, zoom) {
    if (chosen) {
      buttons[chosen].setAttribute("aria-pressed", "false");
      if (shapes[chosen]) shapes[chosen].setStyle({ weight: 4 });
    }
    chosen = id;
    buttons[id].setAttribute("aria-pressed", "true");
    const site = data.sites.find((candidate) => candidate.site_id === id);
    if (shapes[id]) {
      shapes[id].setStyle({ weight: 7 });
      shapes[id].bringToFront();
      if (zoom) map.fitBounds(shapes[id].getBounds().pad(0.6), { maxZoom: 15 });
    }
    details.replaceChildren();
    details.appendChild(make("h2", site.site_id + (site.name ? " " + site.name : "")));
    details.appendChild(make("p", site.label, "lz-mark"));
    details.appendChild(make("p", "用地面积 " + area(site.area_m2), "lz-small"));
    const binding = site.findings.filter((finding) => !finding.notice);
    const notices = site.findings.filter((finding) => finding.notice);
    details.appendChild(make("h2", "规则与依据（" + binding.length + "）"));
    binding.forEach(addFinding);
    if (site.gaps.length) {
      details.appendChild(make("h2", "未核查与缺项（" + site.gaps.length + "）"));
      details.appendChild(table(["原因", "图层", "说明"], site.gaps.map((gap) => [gap.reason, gap.theme, gap.detail])));
    }
    if (site.questions.length) {
      details.appendChild(make("h2", "请补充"));
      const questions = make("ol");
      for (const question of site.questions) questions.appendChild(make("li", question));
      details.appendChild(questions);
    }
    details.appendChild(make("h2", "逐图层核查"));
    details.appendChild(table(["图层", "结果", "占用 m²", "最近 m"], site.checks.map((check) => [
      check.theme, check.status, check.net_area_m2 ? check.net_area_m2.toFixed(2) : "",
      check.nearest_m === null ? "" : check.nearest_m.toFixed(2),
    ])));
    if (notices.length) {
      details.appendChild(make("h2", "提示（" + notices.length + "）"));
      notices.forEach(addFinding);
    }
    details.scrollIntoView({ block: "nearest" });
  }

  // Legend and switches in one: colour, pattern and words.
  const Legend = L.Control.extend({ onAdd: function () {
    const box = make("div", null, "lz-legend");
    box.setAttribute("aria-label", "图例");
    function toggle(title, group, shown) {
      const label = make("label"), input = make("input");
      input.type = "checkbox";
      input.checked = shown;
      input.addEventListener("change", () => { if (input.checked) { group.addTo(map); siteGroup.bringToFront(); } else { group.remove(); } });
      label.appendChild(input);
      label.appendChild(make("b", title));
      box.appendChild(label);
    }
    function row(style, text, dash) {
      const line = make("div", null, "lz-row");
      line.appendChild(swatch(style, dash));
      line.appendChild(make("span", text));
      box.appendChild(line);
    }
    box.appendChild(make("strong", "图例"));
    toggle("项目（填充为结论，边框为最坏可能）", siteGroup, true);
    const used = new Set(data.sites.flatMap((site) => [site.verdict, site.worst]));
    for (const [id, verdict] of Object.entries(data.verdicts)) {
      if (used.has(id)) row({ fill: verdict.colour, line: verdict.colour, pattern: "none" }, verdict.text, verdict.line === "dashed" ? "4 3" : "");
    }
    toggle("占用部分", pieceGroup, true);
    toggle("未核查范围", gapGroup, true);
    row(HATCH, "斜线：未核查");
    data.layers.forEach((layer, index) => {
      toggle(layer.title + "（" + layer.features.length + "）", groups[index], layer.shown);
      for (const entry of layer.legend) row(layer.styles[entry.style], entry.text);
    });
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return box;
  } });
  new Legend({ position: "topright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  // The attribution is HTML to Leaflet: only our own words stand in it.
  map.attributionControl.setPrefix(false);
  map.attributionControl.addAttribution("CGCS2000");
  if (data.synthetic) {
    const mark = make("div", null, "lz-synthetic");
    mark.setAttribute("aria-hidden", "true");
    for (let line = 0; line < 5; line += 1) mark.appendChild(make("span", data.synthetic + "　　" + data.synthetic));
    map.getContainer().appendChild(mark);
  }
  siteGroup.bringToFront();
  if (siteGroup.getLayers().length) map.fitBounds(siteGroup.getBounds().pad(0.1));
}

// The public page: a map, a search box and a panel that says in plain words what applies at a place and whom to ask.
const page = document.getElementById("pg-app"), panel = document.getElementById("pg-panel");
const data = JSON.parse(document.getElementById("pg-data").textContent);
const PLACEHOLDER = "输入乡镇、保护区名称、地址或坐标";
const app = { data: data };

const map = L.map("pg-map", { zoomControl: false, maxZoom: 16, minZoom: 7, zoomSnap: 0.25, attributionControl: false, fadeAnimation: false });
app.map = map;
L.control.zoom({ position: "topright", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 90 }).addTo(map);
const frame = map.getContainer();
frame.setAttribute("role", "application");
frame.setAttribute("aria-label", "地图：方向键移动，加减号缩放，回车键查看地图中心");
frame.tabIndex = 0;
const wide = () => window.matchMedia("(min-width: 801px)").matches;
const home = () => { if (data.bounds) map.fitBounds(data.bounds, { paddingTopLeft: [8, 8], paddingBottomRight: [wide() ? 300 : 8, 8] }); else map.setView([24.8, 112.4], 9); };
home();
app.patterns = patternBook(data.patterns);
app.zones = zoneLayers(app);
const lit = L.featureGroup().addTo(map), pin = L.featureGroup().addTo(map);

function section(className) {
  const box = make("section", null, "pg-sec" + (className ? " " + className : ""));
  panel.appendChild(box);
  return box;
}
function clearPanel() {
  panel.replaceChildren();
  const grab = button("展开", "pg-grab", () => openSheet(!page.classList.contains("pg-open")));
  grab.setAttribute("aria-controls", "pg-panel");
  panel.appendChild(grab);
  openSheet(page.classList.contains("pg-open"));
  panel.scrollTop = 0;
}
function openSheet(open) {
  page.classList.toggle("pg-open", open);
  const grab = panel.querySelector(".pg-grab");
  if (grab) { grab.textContent = open ? "收起" : "展开"; grab.setAttribute("aria-expanded", String(open)); }
  window.setTimeout(() => map.invalidateSize({ pan: false }), 0);
}
function words(zone) {
  const row = zone.layer.legend.find((entry) => entry.style === zone.style);
  return zone.style && row ? row.text : zone.layer.label;
}
function plainName(zone) { return zone.name || words(zone) + " " + zone.id + " 号"; }

function rulesOf(zone) { return data.requirements[zone.layer.theme + "/" + zone.style] || []; }

// What applies in a zone: what the rules of its kind ask for, and the office that answers questions.
function zoneText(zone, heading) {
  const box = section(), line = make("p", null, "pg-meta pg-row");
  box.appendChild(make("h2", plainName(zone)));
  line.append(app.patterns.swatch(zone.layer.styles[zone.style]), make("span", [zone.layer.label, words(zone)].filter((text, index, all) => text && all.indexOf(text) === index).join(" · ")));
  box.appendChild(line);
  if (heading) box.insertBefore(make("p", heading, "pg-meta"), box.firstChild);
  if (zone.more) box.appendChild(make("p", zone.more, "pg-meta"));
  // A town is where an address lies, not a zone with requirements.
  const rules = zone.layer.outline ? [] : rulesOf(zone);
  if (rules.length) {
    box.appendChild(make("h3", "这里的要求"));
    const list = make("dl", null, "pg-rules");
    for (const rule of rules) {
      const row = make("div"), text = make("dd", rule.text);
      if (rule.basis) text.appendChild(make("span", "　" + rule.basis, "pg-meta"));
      row.append(make("dt", rule.effect), text);
      list.appendChild(row);
    }
    box.appendChild(list);
  }
  if (zone.layer.outline) return box;
  if (zone.layer.omitted) box.appendChild(make("p", "同类区域中面积小或狭窄的没有绘出，可能就在这里或附近，要求可能更严。", "pg-meta pg-caution"));
  box.appendChild(make("p", "咨询：" + zone.layer.office));
  return box;
}
function readingNotes() {
  const box = section("pg-quiet"), offices = [...new Set(app.zones.filter((entry) => !entry.layer.outline).map((entry) => entry.layer.office))];
  box.appendChild(make("h3", "读图须知"));
  const accuracy = [...new Set(data.layers.map((layer) => layer.accuracy))].join("、");
  box.appendChild(make("p", "图形精度" + accuracy + (offices.length ? "，边界附近请咨询" + offices.join("、") : "") + "。图上空白不表示没有其他管控要求，以批准文件和界标为准。", "pg-meta"));
}
function pieces(zones) { return zones.filter((zone) => !zone.layer.outline); }

function showPlace(lat, lng, heading) {
  const here = zonesAt(app, { lat: lat, lng: lng });
  pin.clearLayers();
  lit.clearLayers();
  pin.addLayer(L.circleMarker([lat, lng], { radius: 9, color: "#fff", weight: 3, fillColor: "#17508a", fillOpacity: 1, interactive: false }));
  const towns = here.filter((zone) => zone.layer.outline), zones = pieces(here).reverse();
  clearPanel();
  const intro = section();
  intro.appendChild(make("p", heading || "这里属于", "pg-meta"));
  if (towns.length) intro.appendChild(make("p", towns.map(plainName).join("、")));
  const missing = app.zones.filter((entry) => entry.shown && !entry.layer.outline && !zones.some((zone) => zone.layer === entry.layer));
  for (const zone of zones) { zoneText(zone); lightUp(zone); }
  if (!zones.length) intro.appendChild(make("h2", here.length ? "图上没有绘出的管控区" : "不在图示范围内"));
  if (missing.length) {
    const box = section();
    for (const entry of missing) {
      box.appendChild(make("p", "这里不在图上绘出的" + entry.layer.label + "内。" + (entry.layer.omitted ? "面积小或狭窄的没有绘出，建设前请咨询" + entry.layer.office + "。" : "")));
    }
  }
  pin.bringToFront();
  readingNotes();
  aboutBox();
  announce(zones.length ? zones.map(plainName).join("、") : "图上没有绘出的管控区");
  if (!wide()) { openSheet(true); window.setTimeout(() => map.panTo([lat, lng], { animate: false }), 30); }
}
function lightUp(zone) {
  lit.addLayer(shapeLayer(zone.shape, { color: "#fff", weight: 6, fill: false, interactive: false }));
  lit.addLayer(shapeLayer(zone.shape, { color: "#0b57d0", weight: 3, fill: false, interactive: false }));
}
function showZone(zone, heading) {
  pin.clearLayers();
  lit.clearLayers();
  lightUp(zone);
  clearPanel();
  zoneText(zone, heading || "查到");
  readingNotes();
  aboutBox();
  announce(plainName(zone));
  if (!wide()) openSheet(true);
  window.setTimeout(() => map.fitBounds(boundsOf(zone.shape).pad(0.15), { animate: false, maxZoom: 13 }), 40);
}

function aboutBox() {
  const box = section("pg-quiet"), about = make("details");
  about.appendChild(make("summary", "资料来源、未公开的内容和下载"));
  for (const source of data.sources) about.appendChild(make("p", source.title + "：" + source.source + "，数据日期 " + source.date + "，" + source.accuracy + "。", "pg-meta"));
  for (const text of data.withheld) about.appendChild(make("p", text, "pg-meta"));
  const link = make("a", "开放数据（随网页一同发布的 data 文件夹）");
  link.href = "data/index.html";
  const place = make("p", null, "pg-meta");
  place.appendChild(link);
  about.appendChild(place);
  const tables = make("details");
  tables.appendChild(make("summary", "表格视图：与地图内容相同"));
  tables.addEventListener("toggle", () => {
    if (!tables.open || tables.children.length > 1) return;
    for (const list of data.tables) {
      const scroll = make("div", null, "pg-scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", list.title);
      scroll.appendChild(table(list.title, list.heads, list.rows));
      tables.appendChild(scroll);
    }
  });
  box.append(about, tables, make("p", [data.publisher, data.date, data.approval].join("　"), "pg-meta"));
  if (data.synthetic) box.appendChild(make("p", data.synthetic, "pg-meta"));
}
function welcome() {
  clearPanel();
  const box = section();
  box.appendChild(make("h2", "点按地图，或输入名称、地址、坐标"));
  box.appendChild(make("p", "可以看到该处属于哪些管控区、有哪些要求、向谁咨询。", "pg-meta"));
  for (const note of data.notes) box.appendChild(make("p", note));
  readingNotes();
  for (const list of data.tables.filter((item) => !data.layers.some((layer) => layer.title === item.title))) {
    section().appendChild(table(list.title, list.heads, list.rows));
  }
  aboutBox();
}
const status = make("p", "", "pg-status");
status.setAttribute("role", "status");
status.style.position = "absolute";
status.style.left = "-9999px";
document.getElementById("pg-search").appendChild(status);
function announce(text) { status.textContent = text; }

// Search: names of zones and towns; an address is placed by the town in it; a pair of numbers by its coordinates.
const plain = (text) => (text ? String(text).normalize("NFKC").toLowerCase().replace(/\s+/g, "") : "");
const short = (name) => plain(name).replace(/[（(].*$/, "").replace(/(瑶族|壮族)?(镇|乡|街道|街道办事处|村|市|县)$/, "");
function matches(wanted) {
  const all = app.zones.flatMap((entry) => entry.zones);
  const byName = all.filter((zone) => plain(zone.name).includes(wanted) || plain(zone.more).includes(wanted));
  const inAddress = all.filter((zone) => zone.layer.outline && short(zone.name).length > 1 && wanted.includes(short(zone.name)) && !byName.includes(zone));
  inAddress.sort((one, other) => short(other.name).length - short(one.name).length || one.shape.box[2] - one.shape.box[0] - (other.shape.box[2] - other.shape.box[0]));
  const near = inAddress.length || byName.length ? [] : all.filter((zone) => short(zone.name).length > 2 && wanted.includes(short(zone.name)));
  return { byName: byName, inAddress: inAddress, near: near };
}
function coordinates(text) {
  const numbers = (text.normalize("NFKC").match(/\d+(?:\.\d+)?/g) || []).map(Number);
  if (numbers.length !== 2) return null;
  const lon = numbers.find((value) => value > 73 && value < 136), lat = numbers.find((value) => value > 3 && value < 54);
  return lon && lat ? [lat, lon] : null;
}
function searchForm() {
  const form = document.getElementById("pg-search"), label = make("label", "查找"), input = make("input"), found = make("ul", null, "pg-found"), told = make("p", "", "pg-meta");
  input.type = "search";
  input.id = "pg-query";
  input.autocomplete = "off";
  input.placeholder = PLACEHOLDER;
  label.htmlFor = input.id;
  told.setAttribute("role", "status");
  function offer(title, kind, action) {
    const item = make("li"), line = button(null, null, () => { found.replaceChildren(); told.textContent = ""; action(); panel.focus({ preventScroll: true }); });
    line.append(make("span", title), make("span", kind, "pg-meta"));
    item.appendChild(line);
    found.appendChild(item);
  }
  function search() {
    const wanted = plain(input.value), place = coordinates(input.value);
    found.replaceChildren();
    told.textContent = "";
    if (wanted.length < 2) return;
    if (place) { offer("查看这一坐标", place[1] + "，" + place[0], () => { map.setView(place, Math.max(map.getZoom(), 12), { animate: false }); showPlace(place[0], place[1]); }); return; }
    const hits = matches(wanted);
    for (const zone of hits.byName.slice(0, 20)) offer(plainName(zone), zone.layer.label + " · " + words(zone), () => showZone(zone));
    for (const zone of hits.inAddress.slice(0, 5)) offer(plainName(zone), "地址只能定位到这里，请再点按地图上的位置", () => showTown(zone));
    for (const zone of hits.near.slice(0, 5)) offer(plainName(zone), zone.layer.label, () => showZone(zone));
    const count = found.childElementCount;
    told.textContent = count ? "" : "没有查到。请点按地图上的位置，或只输入乡镇名。";
  }
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; search(); }
    if (event.key === "Enter" && found.firstChild) found.querySelector("button").click();
    if (event.key === "ArrowDown" && found.firstChild) { found.querySelector("button").focus(); event.preventDefault(); }
  });
  form.append(label, input, told, found);
}
// A town found in an address: which zones reach into it, each a button that opens it, with the first of its requirements.
function showTown(town) {
  showZone(town, "地址只能定位到乡镇");
  const box = make("section", null, "pg-sec"), seen = pieces(app.zones.flatMap((entry) => entry.zones)).filter((zone) => reaches(zone.shape, town.shape));
  box.appendChild(make("p", "请点按地图上的具体位置，查看该处属于哪些管控区。"));
  box.appendChild(make("h3", "伸入这里的管控区"));
  for (const zone of seen.slice(0, 40)) {
    const first = rulesOf(zone)[0], open = button(null, "pg-near", () => showZone(zone));
    const kind = zone.layer.label + (words(zone) === zone.layer.label ? "" : " · " + words(zone));
    open.append(make("span", plainName(zone)), make("span", kind, "pg-meta"));
    if (first) open.append(make("span", first.effect + "：" + first.text, "pg-meta"));
    box.appendChild(open);
  }
  if (!seen.length) box.appendChild(make("p", "图上没有绘出的管控区。"));
  if (app.zones.some((entry) => entry.layer.omitted)) box.appendChild(make("p", "面积小或狭窄的没有绘出，可能就在这里，要求可能更严。", "pg-meta pg-caution"));
  const offices = [...new Set((seen.length ? seen.map((zone) => zone.layer) : app.zones.map((entry) => entry.layer).filter((layer) => !layer.outline)).map((layer) => layer.office))];
  if (offices.length) box.appendChild(make("p", "咨询：" + offices.join("、")));
  panel.insertBefore(box, panel.children[2] || null);
}
function reaches(shape, town) {
  return shape.parts.some((part) => part.rings.some((ring) => {
    for (let index = 0; index < ring.length; index += 2) if (holds(town, ring[index], ring[index + 1], 0)) return true;
    return false;
  })) || town.parts.some((part) => holds(shape, part.rings[0][0], part.rings[0][1], 0));
}
function legend() {
  const box = make("section", null, "pg-legend");
  box.setAttribute("aria-label", "图例");
  box.tabIndex = 0;
  box.hidden = !wide();
  for (const entry of app.zones.slice().reverse()) {
    const label = make("label"), input = make("input");
    input.type = "checkbox";
    input.checked = entry.shown;
    input.addEventListener("change", () => entry.show(input.checked));
    label.append(input, make("span", entry.layer.title));
    box.appendChild(label);
    for (const row of entry.layer.legend) {
      const line = make("p", null, "pg-row");
      line.append(app.patterns.swatch(entry.layer.styles[row.style]), make("span", row.text + (row.count === null ? "" : "（" + row.count + "）")));
      box.appendChild(line);
    }
  }
  document.getElementById("pg-mapbox").appendChild(box);
  return box;
}
function toolBox(legendBox) {
  const bar = make("div", null, "pg-tools");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "地图工具");
  const toggle = button("图例", "pg-tool", () => { legendBox.hidden = !legendBox.hidden; toggle.setAttribute("aria-expanded", String(!legendBox.hidden)); });
  toggle.setAttribute("aria-expanded", String(!legendBox.hidden));
  bar.append(toggle, button("全图", "pg-tool", home), button("中心", "pg-tool", centre), button("打印", "pg-tool", () => window.print()));
  bar.children[2].title = "查看地图中心的管控要求";
  control(map, "topright", bar);
}
function centre() { const at = map.getCenter(); showPlace(at.lat, at.lng); }

searchForm();
toolBox(legend());
welcome();
const credit = make("p", "CGCS2000　" + data.date + "　" + data.credit, "pg-credit");
document.getElementById("pg-mapbox").appendChild(credit);
if (data.synthetic) {
  const marks = make("div", null, "pg-synthetic");
  marks.setAttribute("aria-hidden", "true");
  for (let index = 0; index < 4; index += 1) marks.appendChild(make("span", data.synthetic));
  document.getElementById("pg-mapbox").appendChild(marks);
  page.classList.add("pg-has-mark");
}
map.on("click", (event) => showPlace(event.latlng.lat, event.latlng.lng));
frame.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === frame) centre(); });
window.addEventListener("resize", () => map.invalidateSize({ pan: false }));
let view = null;
// The map takes its size on paper before the page is laid out for it, so that its tiles are there in time.
window.addEventListener("beforeprint", () => {
  const seen = map.getBounds();
  view = [map.getCenter(), map.getZoom()];
  page.classList.add("pg-printing");
  app.printing = true;
  map.invalidateSize({ pan: false, animate: false });
  map.fitBounds(seen, { animate: false });
});
window.addEventListener("afterprint", () => {
  page.classList.remove("pg-printing");
  app.printing = false;
  map.invalidateSize({ pan: false, animate: false });
  if (view) map.setView(view[0], view[1], { animate: false });
});
page.setAttribute("data-ready", "true");

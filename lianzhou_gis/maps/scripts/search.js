// Search by the name or number of a site or zone.
const MOST_FOUND = 40;

function searchBox(app) {
  const form = make("div", null, "lz-search"), label = make("label", "查找项目或管控区"), input = make("input");
  const found = make("ul", null, "lz-found"), told = make("p", null, "lz-small");
  form.setAttribute("role", "search");
  input.type = "search";
  input.id = app.id + "-search";
  input.autocomplete = "off";
  input.placeholder = "名称或编号";
  label.htmlFor = input.id;
  told.setAttribute("role", "status");
  const plain = (text) => (text ? String(text).normalize("NFKC").toLowerCase().replace(/\s+/g, "") : "");
  function add(title, kind, action) {
    const item = make("li"), line = button(null, "lz-hit", action);
    line.append(make("span", title), make("span", kind, "lz-small"));
    item.appendChild(line);
    found.appendChild(item);
  }
  function search() {
    const wanted = plain(input.value);
    found.replaceChildren();
    told.textContent = "";
    if (!wanted) return;
    const sites = app.data.sites.filter((site) => plain(site.site_id).includes(wanted) || plain(site.name).includes(wanted));
    const zones = app.zones.flatMap((entry) => entry.zones.filter((zone) => plain(zone.name).includes(wanted) || plain(zone.id).includes(wanted)));
    const number = sites.length + zones.length;
    told.textContent = number ? "找到 " + number + " 项" + (number > MOST_FOUND ? "，列出前 " + MOST_FOUND + " 项" : "") : "没有找到";
    for (const site of sites.slice(0, MOST_FOUND)) add(siteTitle(site), "项目", () => app.choose(site.site_id, true));
    for (const zone of zones.slice(0, Math.max(0, MOST_FOUND - sites.length))) add(zone.name || zone.id, zoneTitle(zone), () => app.showZone(zone));
  }
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; search(); }
    if (event.key === "ArrowDown" && found.firstChild) { found.querySelector("button").focus(); event.preventDefault(); }
  });
  form.append(label, input, told, found);
  return form;
}

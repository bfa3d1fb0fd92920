// The side: what this map is, the search, and the verdicts, strictest first.
function sidePanel(app) {
  const data = app.data, side = app.side;
  const head = make("header", null, "lz-head");
  head.appendChild(make("h1", data.title));
  for (const text of data.subtitle) head.appendChild(make("p", text));
  side.appendChild(head);
  if (data.synthetic) side.appendChild(make("p", data.synthetic, "lz-strip lz-strip-synthetic"));
  for (const text of data.notes) side.appendChild(make("p", text, "lz-strip"));

  side.appendChild(searchBox(app));
  if (data.sites.length) side.appendChild(siteList(app));
  const about = make("details", null, "lz-about"), summary = make("summary", "说明与图层来源");
  about.appendChild(summary);
  for (const text of data.about) about.appendChild(make("p", text));
  if (data.sources.length) about.appendChild(scrolled(table("图层来源", data.source_heads, data.sources), "图层来源"));
  if (!data.sites.length) about.open = true;
  side.appendChild(about);
}
// A table that is wider than its place scrolls by itself, and by keyboard.
function scrolled(element, name) {
  const box = make("div", null, "lz-scroll");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", name);
  box.appendChild(element);
  return box;
}
function siteList(app) {
  const data = app.data, box = make("section", null, "lz-sites");
  const heading = make("h2", "项目（" + data.sites.length + "），按可能适用的最严结论排列");
  heading.id = app.id + "-sites";
  box.setAttribute("aria-labelledby", heading.id);
  box.appendChild(heading);
  const counts = make("div", null, "lz-counts"), list = make("ul", null, "lz-list");
  counts.setAttribute("role", "group");
  counts.setAttribute("aria-label", "按结论筛选");
  let only = null;
  const chips = {};
  for (const [id, verdict] of Object.entries(data.verdicts)) {
    const number = data.sites.filter((site) => site.verdict === id).length;
    if (!number) continue;
    const chip = button(null, "lz-chip", () => {
      only = only === id ? null : id;
      for (const [other, element] of Object.entries(chips)) element.setAttribute("aria-pressed", String(other === only));
      for (const site of data.sites) app.items[site.site_id].hidden = only !== null && site.verdict !== only;
    });
    chip.append(mark(data, id), make("span", verdict.text + " " + number));
    chip.setAttribute("aria-pressed", "false");
    chips[id] = chip;
    counts.appendChild(chip);
  }
  box.appendChild(counts);
  app.items = {};
  app.buttons = {};
  for (const site of data.sites) {
    const item = make("li"), line = button(null, "lz-site", () => app.choose(site.site_id, true));
    line.setAttribute("aria-pressed", "false");
    const words = make("span", null, "lz-words");
    words.append(make("strong", siteTitle(site)), make("span", site.label, "lz-small"));
    if (site.worst !== site.verdict) words.appendChild(make("span", "可能适用的最严结论：" + data.verdicts[site.worst].text, "lz-small"));
    line.append(mark(data, site.verdict), words);
    item.appendChild(line);
    app.items[site.site_id] = item;
    app.buttons[site.site_id] = line;
    list.appendChild(item);
  }
  // Up and down go from site to site, as in any list.
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const shown = data.sites.map((site) => app.buttons[site.site_id]).filter((line) => !line.parentElement.hidden);
    const next = shown[shown.indexOf(document.activeElement) + step];
    if (next) { next.focus(); event.preventDefault(); }
  });
  box.appendChild(list);
  return box;
}

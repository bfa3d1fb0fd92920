// Legend and switches in one: colour, pattern, words and numbers, and how strongly each theme shows.
function legendBox(app) {
  const data = app.data, box = make("section", null, "lz-legend");
  box.setAttribute("aria-label", "图例与图层");
  const whole = make("details");
  whole.open = !window.matchMedia("(max-width: 800px)").matches;
  whole.appendChild(make("summary", "图例与图层"));
  const body = make("div", null, "lz-legend-body");
  body.tabIndex = 0;
  body.setAttribute("role", "group");
  body.setAttribute("aria-label", "图例");
  whole.appendChild(body);
  box.appendChild(whole);

  function check(text, on, action) {
    const label = make("label"), input = make("input");
    input.type = "checkbox";
    input.checked = on;
    input.addEventListener("change", () => action(input.checked));
    label.append(input, make("span", text));
    return label;
  }
  function row(style, text, dash) {
    const line = make("div", null, "lz-row");
    line.append(app.patterns.swatch(style, dash), make("span", text));
    return line;
  }
  function group(name, on) {
    const layer = app.over[name];
    return (shown) => { if (shown) layer.addTo(app.map); else layer.remove(); };
  }
  if (data.sites.length) {
    const sites = make("div", null, "lz-theme");
    sites.appendChild(check("项目（" + data.sites.length + "）", true, group("sites")));
    sites.appendChild(make("p", "颜色和标记为已查明的结论；虚线为尚待查明", "lz-small"));
    const used = new Set(data.sites.map((site) => site.verdict));
    for (const [id, verdict] of Object.entries(data.verdicts)) {
      if (!used.has(id)) continue;
      const line = make("div", null, "lz-row");
      line.append(mark(data, id), make("span", verdict.text + (verdict.line === "dashed" ? "（虚线）" : "")));
      sites.appendChild(line);
    }
    body.appendChild(sites);
  }
  for (const [name, list] of [["pieces", data.pieces], ["gaps", data.gaps], ["nearest", data.sites]]) {
    if (!list.length) continue;
    const look = data.others[{ pieces: "piece", gaps: "gap", nearest: "nearest" }[name]];
    const line = make("div", null, "lz-row lz-row-switch");
    line.append(check(look.text + (name === "gaps" ? "（斜线）" : name === "nearest" ? "（选中项目）" : ""), true, group(name)), app.patterns.swatch(look, name === "gaps" ? "3 3" : name === "nearest" ? "2 3" : ""));
    body.appendChild(line);
  }
  app.zones.forEach((entry) => {
    const layer = entry.layer, theme = make("div", null, "lz-theme"), head = make("div", null, "lz-theme-head"), more = make("div");
    const fold = button("", "lz-fold", () => open(more.hidden));
    const open = (on) => {
      more.hidden = !on;
      fold.setAttribute("aria-expanded", String(on));
      fold.textContent = on ? "▾" : "▸";
    };
    fold.setAttribute("aria-label", layer.title + "：级别与不透明度");
    head.append(check(layer.title + "（" + layer.count + "）", layer.shown, (on) => { entry.show(on); open(on); }), fold);
    theme.append(head, more);
    open(layer.shown);
    for (const line of layer.legend) more.appendChild(row(layer.styles[line.style], line.text + (line.count ? "（" + line.count + "）" : "")));
    const fade = make("label", null, "lz-fade"), slider = make("input");
    slider.type = "range";
    slider.min = "10";
    slider.max = "100";
    slider.value = "100";
    slider.setAttribute("aria-label", layer.title + " 不透明度");
    slider.addEventListener("input", () => entry.grid.setOpacity(slider.value / 100));
    fade.append(make("span", "不透明度", "lz-small"), slider);
    more.appendChild(fade);
    body.appendChild(theme);
  });
  return box;
}

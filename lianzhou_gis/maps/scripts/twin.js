// The same as tables, for those who read instead of look; built when it is asked for.
function tableTwin(app) {
  const data = app.data, box = app.tables;
  if (!box) return null;
  function build() {
    box.append(make("h2", "表格视图：与地图内容相同"));
    if (data.sites.length) {
      box.appendChild(scrolled(table("项目与结论", ["编号", "名称", "结论", "可能适用的最严结论", "面积 m²", "所在乡镇", "规则依据", "未核查与缺项", "最近管控区"], data.sites.map((site) => [
        site.site_id, site.name, site.label, data.verdicts[site.worst].text, site.area_m2 === null ? "" : site.area_m2.toFixed(2), site.town,
        site.findings.filter((finding) => !finding.notice).map((finding) => finding.effect + "：" + finding.title).join("；"),
        site.gaps.map((gap) => [gap.theme, gap.reason].filter(Boolean).join("：")).join("；"),
        site.nearest.map((way) => way.theme + " " + lengthText(way.distance_m)).join("；"),
      ])), "项目与结论"));
    }
    for (const list of data.tables) box.appendChild(scrolled(table(list.title, list.heads, list.rows), list.title));
    for (const layer of data.layers) {
      const words = Object.fromEntries(layer.legend.map((row) => [row.style, row.text]));
      const rows = layer.ids.map((id, index) => [id, layer.names[index], layer.grades[index] ? words[layer.grades[index]] : "", layer.of[index], layer.more[index]]);
      const more = make("details"), title = layer.title + "（" + layer.count + "）";
      more.appendChild(make("summary", title));
      more.addEventListener("toggle", () => { if (more.open && more.children.length === 1) more.appendChild(scrolled(table(title, ["编号", "名称", "级别", "图层", "其他"], rows), title)); });
      box.appendChild(more);
    }
  }
  function toggle(tool) {
    if (!box.childElementCount) build();
    box.hidden = !box.hidden;
    tool.setAttribute("aria-pressed", String(!box.hidden));
    if (!box.hidden) box.scrollIntoView({ block: "start" });
    app.resized();
  }
  return { toggle: toggle };
}

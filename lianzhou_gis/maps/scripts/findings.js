// The findings of the site that is chosen: rules and grounds, gaps, questions, every layer looked at, notices.
function findingsPanel(app) {
  const box = app.findings;
  let chosen = null;
  function close() {
    box.hidden = true;
    box.replaceChildren();
    const line = chosen && app.buttons[chosen];
    chosen = null;
    app.choose(null, false);
    if (line) line.focus();
    app.resized();
  }
  return (site) => {
    box.replaceChildren();
    chosen = site && site.site_id;
    if (!site) { box.hidden = true; app.resized(); return; }
    box.hidden = false;
    const head = make("div", null, "lz-findings-head"), words = make("div", null, "lz-words"), title = make("h2", siteTitle(site));
    title.tabIndex = -1;
    words.append(title, make("p", site.label, "lz-label"));
    if (site.worst !== site.verdict) words.appendChild(make("p", "可能适用的最严结论：" + app.data.verdicts[site.worst].text, "lz-small"));
    const facts = [site.area_m2 ? "用地面积 " + areaText(site.area_m2) : null, site.town].filter(Boolean);
    words.appendChild(make("p", facts.join("；"), "lz-small"));
    head.append(mark(app.data, site.verdict), words, button("关闭", "lz-close", close));
    box.append(head, tabs(app, site));
    app.resized();
  };
}
function tabs(app, site) {
  const binding = site.findings.filter((finding) => !finding.notice), notices = site.findings.filter((finding) => finding.notice);
  const pages = [
    ["规则与依据", binding.length, () => findingTable(app, binding)],
    ["未核查与缺项", site.gaps.length, () => table(null, ["原因", "主题", "说明"], site.gaps.map((gap) => [gap.reason, gap.theme, gap.detail]))],
    ["请补充", site.questions.length, () => table(null, ["序号", "问题"], site.questions.map((question, index) => [index + 1, question]))],
    ["逐图层核查", site.checks.length, () => table(null, ["主题", "结果", "占用净面积 m²", "最近距离 m"], site.checks.map((check) => [
      check.theme, check.status, check.net_area_m2 ? check.net_area_m2.toFixed(2) : "", check.nearest_m === null ? "" : check.nearest_m.toFixed(2)]))],
    ["提示", notices.length, () => findingTable(app, notices)],
  ];
  const whole = make("div", null, "lz-tabs"), bar = make("div"), page = make("div", null, "lz-page-of-tab");
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", "核查内容");
  page.setAttribute("role", "tabpanel");
  page.id = app.id + "-tab-page";
  page.tabIndex = 0;
  const heads = pages.map(([text, number, build], index) => {
    const head = button(text + "（" + number + "）", null, () => open(index));
    head.setAttribute("role", "tab");
    head.id = app.id + "-tab-" + index;
    head.setAttribute("aria-controls", page.id);
    bar.appendChild(head);
    return head;
  });
  function open(index) {
    heads.forEach((head, other) => {
      head.setAttribute("aria-selected", String(other === index));
      head.tabIndex = other === index ? 0 : -1;
    });
    page.setAttribute("aria-labelledby", heads[index].id);
    page.replaceChildren(pages[index][1] ? pages[index][2]() : make("p", "无", "lz-small"));
    page.scrollTop = 0;
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (heads.indexOf(document.activeElement) + step + heads.length) % heads.length;
    heads[next].focus();
    open(next);
  });
  // A site without findings opens on what was looked at, never on an empty page.
  open([0, 1, 2, 3].find((index) => pages[index][1]) || 0);
  whole.append(bar, page);
  return whole;
}
function measures(finding) {
  return [
    finding.relation,
    finding.area_m2 ? "面积 " + areaText(finding.area_m2) : null,
    finding.share ? "占项目 " + percentText(finding.share) : null,
    finding.length_m ? "长度 " + finding.length_m.toFixed(2) + " m" : null,
    finding.distance_m ? "距离 " + finding.distance_m.toFixed(2) + " m" : null,
  ].filter(Boolean).join("；");
}
function findingTable(app, findings) {
  const rows = findings.map((finding) => {
    const rule = lines([finding.title, finding.doubtful ? "重叠深度小于定位误差" : null, finding.unverified ? "规则尚待核实" : null]);
    const grounds = lines([[finding.theme, finding.zone].filter(Boolean).join("："), measures(finding), finding.text]);
    const next = lines([finding.action, finding.authority ? "主管：" + finding.authority : null, finding.blocks.length ? "影响：" + finding.blocks.join("、") : null]);
    const effect = make("span", finding.effect, "lz-effect");
    effect.style.setProperty("--verdict", finding.colour);
    return [effect, rule, grounds, lines(finding.citations), next, finding.override ? lines(finding.override) : "—"];
  });
  return table(null, ["效力", "规则", "事实依据", "条文", "下一步", "人工判断"], rows);
}

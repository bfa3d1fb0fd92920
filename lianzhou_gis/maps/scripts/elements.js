// Elements and numbers as text. What comes from data passes through textContent or an attribute, never through HTML.
const SVG = "http://www.w3.org/2000/svg";

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = String(text);
  if (className) element.className = className;
  return element;
}
function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
function button(text, className, action) {
  const element = make("button", text, className);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}
function table(caption, heads, rows) {
  const element = make("table"), head = make("tr"), body = make("tbody"), top = make("thead");
  if (caption) element.appendChild(make("caption", caption));
  for (const text of heads) {
    const cell = make("th", text);
    cell.scope = "col";
    head.appendChild(cell);
  }
  top.appendChild(head);
  element.append(top, body);
  for (const row of rows) {
    const line = make("tr");
    for (const value of row) {
      const cell = make("td");
      if (value instanceof Node) cell.appendChild(value);
      else if (value !== null && value !== undefined) cell.textContent = String(value);
      line.appendChild(cell);
    }
    body.appendChild(line);
  }
  return element;
}
function lines(texts, className) {
  const box = make("div");
  for (const text of texts) if (text) box.appendChild(make("p", text, className));
  return box;
}

function areaText(m2) {
  if (m2 === null || m2 === undefined) return "";
  const hectares = m2 / 10000;
  return m2.toFixed(2) + " m²（" + hectares.toFixed(4) + " 公顷，" + (hectares * 15).toFixed(2) + " 亩）";
}
function lengthText(m) {
  return m < 1000 ? m.toFixed(2) + " m" : (m / 1000).toFixed(3) + " km";
}
function percentText(share) {
  const value = share * 100;
  return value > 0 && value < 0.01 ? "<0.01%" : value.toFixed(2) + "%";
}

// A control of ours on the map: clicks and wheel stay in it.
function control(map, position, element) {
  const Box = L.Control.extend({ onAdd: () => {
    L.DomEvent.disableClickPropagation(element);
    L.DomEvent.disableScrollPropagation(element);
    return element;
  } });
  return new Box({ position: position }).addTo(map);
}

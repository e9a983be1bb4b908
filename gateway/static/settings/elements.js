/** Makes elements: the settings are built from their data each time that these change. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] of the element; `on…` are listeners, `class` and `aria-…` attributes
 * @param {...(Node | string | null | undefined | false)} children what is no node and no text is left out
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class" || name.includes("-") || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child || child === ""));
  return element;
}

let labels = 0;

/** A labelled field. @param {string} text @param {HTMLElement} input @param {string} [hint] below it */
export function field(text, input, hint = "") {
  labels += 1;
  input.id = `field-${labels}`;
  if (input.type !== "checkbox") input.classList.add("text-field");
  const label = make("label", { for: input.id }, text);
  if (!hint) return make("div", { class: "field" }, label, input);
  const below = make("p", { class: "hint", id: `hint-${labels}` }, hint);
  input.setAttribute("aria-describedby", below.id);
  return make("div", { class: "field" }, label, input, below);
}

/** A button that is disabled while it works. @param {string} text @param {() => Promise<void>} action @param {string} [kind] */
export function action(text, action, kind = "") {
  const button = make("button", { type: "button", class: `button ${kind}` }, text);
  button.addEventListener("click", () => whileDisabled(button, action));
  return button;
}

/** A form that is sent by Enter and by its button. @param {() => Promise<void>} send @param {string} text of the button */
export function form(send, text, ...children) {
  const button = make("button", { type: "submit", class: "button main" }, text);
  const made = make("form", {}, ...children, make("div", { class: "buttons" }, button));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    whileDisabled(button, send);
  });
  return made;
}

async function whileDisabled(button, work) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}

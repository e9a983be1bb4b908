/** Menus made of <details>: one is open at a time, and it closes with Esc, or by a click elsewhere. */

/** @param {ParentNode} root holds the menus */
export function addMenus(root) {
  const menus = [...root.querySelectorAll("details.menu")];
  for (const menu of menus) {
    menu.addEventListener("toggle", () => menu.open && closeAll(menus, menu));
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.preventDefault();
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
  const onPointerDown = (event) => {
    if (!menus.some((menu) => menu.isConnected)) return document.removeEventListener("pointerdown", onPointerDown);
    closeAll(menus, event.target.closest?.("details.menu"));
  };
  document.addEventListener("pointerdown", onPointerDown);
}

/** @param {HTMLDetailsElement[]} menus @param {Element | null} [except] */
function closeAll(menus, except = null) {
  for (const menu of menus) if (menu !== except) menu.open = false;
}

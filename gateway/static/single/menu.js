/** Menus made of <details>: one is open at a time, and it closes with Esc, or by a click elsewhere. */

/** @param {ParentNode} root holds the menus */
export function addMenus(root) {
  const menus = [...root.querySelectorAll("details.menu")];
  const onPointerDown = (event) => closeAll(menus, event.target.closest?.("details.menu"));
  for (const menu of menus) {
    menu.addEventListener("toggle", () => {
      if (menu.open) closeAll(menus, menu);
      // Only while one is open: the page would else keep each camera's menus, which nobody has touched.
      if (menus.some((one) => one.open && one.isConnected)) document.addEventListener("pointerdown", onPointerDown);
      else document.removeEventListener("pointerdown", onPointerDown);
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      event.preventDefault();
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
}

/** @param {HTMLDetailsElement[]} menus @param {Element | null} [except] */
function closeAll(menus, except = null) {
  for (const menu of menus) if (menu !== except) menu.open = false;
}

/** Dialogs of the page: they open over everything, and close by their button, by Esc and by a click beside them. */

/**
 * Let a button open a dialog.
 *
 * @param {HTMLElement} button
 * @param {HTMLDialogElement} dialog with a button of the class "close"
 * @param {() => void} [onOpen] called before it is shown
 */
export function connectDialog(button, dialog, onOpen = () => {}) {
  button.addEventListener("click", () => {
    onOpen();
    openDialog(dialog);
  });
  connectClosing(dialog);
}

/** Let a dialog close by its button and by a click beside it. @param {HTMLDialogElement} dialog */
export function connectClosing(dialog) {
  dialog.querySelector(".close").addEventListener("click", () => close(dialog));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isBeside(dialog, event)) close(dialog);
  });
}

/** @param {HTMLDialogElement} dialog */
export function openDialog(dialog) {
  // Firefox before 98 and Safari before 15.4 have no dialogs: there it stands over the page, which stays in use.
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute("open", "");
}

/** @param {HTMLDialogElement} dialog */
function close(dialog) {
  if (dialog.close) dialog.close();
  else dialog.removeAttribute("open");
}

/** Whether a click on the dialog was on what is behind it. @param {HTMLDialogElement} dialog @param {MouseEvent} event */
function isBeside(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

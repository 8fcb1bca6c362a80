// A dialog gives the focus to itself; here the field has it, arrows go through what was found, and Enter opens the first.
(() => {
  const within = (selector) => document.querySelectorAll(`[role="dialog"] ${selector}`);
  const step = (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [...within("input"), ...within(".st-key-hits a")];
    const place = stops.indexOf(document.activeElement);
    if (!way || place < 0) return;
    event.preventDefault();
    stops[Math.min(Math.max(place + way, 0), stops.length - 1)].focus();
  };
  const drawn = () => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === "notRunning";
  const open = (waited) => {
    if (waited < 20 && !drawn()) return setTimeout(open, 150, waited + 1);
    within(".st-key-hits a")[0]?.click();
  };
  const enter = (event) => {
    // What was typed last is still on its way to the server.
    if (event.key === "Enter" && event.target.matches("input")) setTimeout(open, 400, 0);
  };
  let tries = 40;
  const begin = () => {
    const field = within("input")[0];
    if (!field) return tries-- > 0 && setTimeout(begin, 50);
    setTimeout(() => field.focus(), 50);
    const dialog = field.closest('[role="dialog"]');
    dialog.addEventListener("keydown", step);
    dialog.addEventListener("keydown", enter);
  };
  begin();
})();

// A dialog gives the focus to itself; here the field has it, and arrows go through what was found.
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
  let tries = 40;
  const begin = () => {
    const field = within("input")[0];
    if (!field) return tries-- > 0 && setTimeout(begin, 50);
    setTimeout(() => field.focus(), 50);
    field.closest('[role="dialog"]').addEventListener("keydown", step);
  };
  begin();
})();

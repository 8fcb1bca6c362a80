"""A page as somebody without a mouse goes through it."""

from playwright.sync_api import Page

MOST = 400

CONTROLS = """() => {
  // Looks of an element and of what surrounds it closely: a focus that nobody sees would change none of them.
  window.looks = (each) => {
    const said = [];
    for (let at = each, i = 0; at instanceof Element && i < 7; at = at.parentElement, i++) {
      const style = getComputedStyle(at);
      said.push(style.outline, style.boxShadow, style.borderColor, style.backgroundColor, style.textDecoration);
    }
    return said.join("|");
  };
  const open = (root) => [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? open(each.shadowRoot) : [])]);
  const found = open(document).filter((each) => each.tabIndex >= 0 && !each.disabled && each.tagName !== "MAIN"
    && each.matches("a[href], button, input, select, textarea, summary, canvas, [tabindex]")
    && each.getClientRects().length && each.checkVisibility({ visibilityProperty: true }));
  window.controls = found.map((each) => [each, window.looks(each)]);
  return found.length;
}"""

FOCUSED = """async () => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const place = window.controls.findIndex(([each]) => each === at);
  if (place < 0) return [place, true];
  const differs = () => window.looks(at) !== window.controls[place][1];
  if (differs()) return [place, true];
  // A look that changes slowly is seen, too: two frames later, with what moves brought to its end.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  document.getAnimations().filter((each) => each instanceof CSSTransition).forEach((each) => each.finish());
  return [place, differs()];
}"""

NAMED = """(places) => places.map((i) => {
  const each = window.controls[i][0];
  return `${each.tagName} ${each.getAttribute("aria-label") || each.innerText || each.className}`.slice(0, 90);
})"""


def walk(page: Page) -> tuple[list[str], list[str]]:
    """The controls that the Tab key never comes to, and those that look the same when it does."""
    page.evaluate("document.activeElement.blur()")  # or it would look the same once the focus comes back to it
    page.wait_for_function("document.getAnimations().every((each) => each.playState !== 'running')")
    number = int(page.evaluate(CONTROLS))
    seen: dict[int, bool] = {}
    for _ in range(min(2 * number + 40, MOST)):
        page.keyboard.press("Tab")
        place, visible = page.evaluate(FOCUSED)
        seen[place] = seen.get(place, False) or bool(visible)
        if len(seen.keys() - {-1}) == number:
            break
    there: list[bool] = page.evaluate("window.controls.map(([each]) => each.isConnected)")
    never = [place for place in range(number) if place not in seen and there[place]]  # or drawn anew meanwhile
    unseen = [place for place, visible in seen.items() if place >= 0 and not visible]
    return page.evaluate(NAMED, never), page.evaluate(NAMED, unseen)

// Tells whoever asked for it of what has newly gone wrong: by a sound, or by a notice of the browser. What was there when
// the page was opened is not new. The choices stay in this browser.
const KEPT = "dashboard_alarm";

function beep(context) {
  for (const [after, pitch] of [[0, 660], [0.18, 880]]) {
    const tone = context.createOscillator(), volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.2, context.currentTime + after);
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + after + 0.4);
    tone.connect(volume).connect(context.destination);
    tone.start(context.currentTime + after);
    tone.stop(context.currentTime + after + 0.4);
  }
}

export default function ({ data, parentElement }) {
  const sound = parentElement.querySelector(".sound"), notice = parentElement.querySelector(".notice");
  const said = parentElement.querySelector(".said"), kept = JSON.parse(localStorage.getItem(KEPT) || "{}");
  const state = (globalThis.dashboardAlarm ??= { seen: new Set(data.wrong), context: null });

  function allowed() {
    const silent = sound.checked && state.context?.state !== "running";
    const refused = notice.checked && globalThis.Notification?.permission !== "granted";
    said.textContent = silent ? "Click anywhere to let it sound." : refused ? "The browser does not allow notices here." : "";
  }
  async function wake() {
    if (sound.checked) {
      state.context ??= new AudioContext();
      state.context.resume().then(allowed);
    }
    allowed();
  }
  async function chosen() {
    localStorage.setItem(KEPT, JSON.stringify({ sound: sound.checked, notice: notice.checked }));
    if (notice.checked && globalThis.Notification?.permission === "default") await Notification.requestPermission();
    await wake();
  }

  sound.checked = Boolean(kept.sound);
  notice.checked = Boolean(kept.notice);
  sound.onchange = notice.onchange = chosen;
  addEventListener("pointerdown", wake, { once: true });
  wake();

  const fresh = data.wrong.filter((each) => !state.seen.has(each));
  state.seen = new Set(data.wrong);
  if (!fresh.length) return;
  parentElement.host?.setAttribute("data-told", String(fresh.length));
  if (sound.checked && state.context?.state === "running") beep(state.context);
  if (notice.checked && globalThis.Notification?.permission === "granted") {
    const more = fresh.length > 1 ? ` and ${fresh.length - 1} more` : "";
    new Notification(data.sentence, { body: `New: ${fresh[0]}${more}`, tag: "dashboard-watch" });
  }
}

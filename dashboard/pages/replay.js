// One step of a replay, once the page has followed the last. The address moves along without a new entry in the
// browser's history: Streamlit adds one only where the address differs from what it is told.
export default function ({ data, setTriggerValue, parentElement }) {
  clearTimeout(parentElement.step);
  parentElement.step = setTimeout(() => {
    history.replaceState(history.state, "", location.pathname + (data.query ? `?${data.query}` : ""));
    setTriggerValue("stepped", data.next);
  }, data.pace);
  return () => clearTimeout(parentElement.step);
}

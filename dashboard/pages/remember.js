// Keeps what the viewer asked to be remembered in cookies of this browser; an empty value forgets.
const YEAR = 34560000; // seconds; browsers allow no more than 400 days

export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  for (const [name, value] of Object.entries(data)) {
    document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${value ? YEAR : 0}${secure}`;
  }
}

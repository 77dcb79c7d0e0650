// The functions that a proxy script may call, as the proxy auto-config format has them since Netscape 2.0, and the
// variants for IPv6. `__addresses`, `__own` and `__log` come from the host.
"use strict";

function isPlainHostName(host) {
  return !String(host).includes(".");
}

function dnsDomainIs(host, domain) {
  return String(host).toLowerCase().endsWith(String(domain).toLowerCase());
}

function localHostOrDomainIs(host, hostdom) {
  const [own, full] = [String(host).toLowerCase(), String(hostdom).toLowerCase()];
  return own === full || (isPlainHostName(own) && full.startsWith(own + "."));
}

function dnsDomainLevels(host) {
  return String(host).split(".").length - 1;
}

function dnsResolveEx(host) {
  return __addresses(String(host)).join(";");
}

function dnsResolve(host) {
  const found = __addresses(String(host)).find((address) => !address.includes(":"));
  return found === undefined ? null : found;
}

function isResolvable(host) {
  return dnsResolve(host) !== null;
}

function isResolvableEx(host) {
  return dnsResolveEx(host) !== "";
}

function myIpAddress() {
  return __own().find((address) => !address.includes(":")) || "127.0.0.1";
}

function myIpAddressEx() {
  return __own().join(";");
}

function convert_addr(text) {
  const parts = String(text).split(".").map(Number);
  const good = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  return good ? ((parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]) >>> 0 : 0;
}

function isInNet(host, pattern, mask) {
  const literal = /^\d+\.\d+\.\d+\.\d+$/.test(String(host));
  const address = literal ? String(host) : dnsResolve(host);
  if (address === null) return false;
  const bits = convert_addr(mask);
  return ((convert_addr(address) & bits) >>> 0) === ((convert_addr(pattern) & bits) >>> 0);
}

function isInNetEx(host, network) {
  const found = /[:]|^\d+(\.\d+){3}$/.test(String(host)) ? [String(host)] : __addresses(String(host));
  return found.some((address) => __within(address, String(network)));
}

function sortIpAddressList(list) {
  const found = String(list).split(";").map((text) => text.trim()).filter((text) => text !== "");
  const six = found.filter((text) => text.includes(":")).sort();
  const four = found.filter((text) => !text.includes(":")).sort((a, b) => convert_addr(a) - convert_addr(b));
  return [...six, ...four].join(";");
}

function getClientVersion() {
  return "1.0";
}

function shExpMatch(text, pattern) {
  // Two pointers with one place to go back to: no pattern takes exponential time.
  const [t, p] = [String(text), String(pattern)];
  let [i, j, star, from] = [0, 0, -1, 0];
  while (i < t.length) {
    if (j < p.length && p[j] === "*") {
      star = j++;
      from = i;
    } else if (j < p.length && (p[j] === "?" || p[j] === t[i])) {
      i++;
      j++;
    } else if (star >= 0) {
      j = star + 1;
      i = ++from;
    } else {
      return false;
    }
  }
  while (j < p.length && p[j] === "*") j++;
  return j === p.length;
}

function alert() {}

const __days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const __months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

// The arguments without "GMT" at the end, and the time's fields in that zone.
function __when(values) {
  const utc = values[values.length - 1] === "GMT";
  const now = new Date(__now());
  const pick = (name) => now[(utc ? "getUTC" : "get") + name]();
  const fields = {
    year: pick("FullYear"), month: pick("Month"), date: pick("Date"), day: pick("Day"),
    seconds: pick("Hours") * 3600 + pick("Minutes") * 60 + pick("Seconds"),
  };
  return [utc ? values.slice(0, -1) : values, fields];
}

// Whether a value lies in a range that may go over the end of the week, the year or the day.
function __between(value, low, high) {
  return low <= high ? low <= value && value <= high : value >= low || value <= high;
}

function weekdayRange(...values) {
  const [days, now] = __when(values);
  const [low, high] = days.map((day) => __days.indexOf(day));
  if (low === undefined || low < 0 || high < 0) return false;
  return __between(now.day, low, high === undefined ? low : high);
}

function timeRange(...values) {
  const [numbers, now] = __when(values);
  const at = (h, m, s) => h * 3600 + m * 60 + s;
  const [a, b, c, d, e, f] = numbers.map(Number);
  switch (numbers.length) {
    case 1: return __between(now.seconds, at(a, 0, 0), at(a, 59, 59));
    case 2: return __between(now.seconds, at(a, 0, 0), at(b, 0, 0) - 1);
    case 4: return __between(now.seconds, at(a, b, 0), at(c, d, 0) - 1);
    case 6: return __between(now.seconds, at(a, b, c), at(d, e, f));
    default: return false;
  }
}

function dateRange(...values) {
  const [parts, now] = __when(values);
  const read = (part) => {
    const month = __months.indexOf(part);
    if (month >= 0) return ["month", month];
    const number = Number(part);
    return number > 31 ? ["year", number] : ["date", number];
  };
  const pairs = parts.map(read);
  const single = parts.length === 1 || (parts.length === 3 && pairs[0][0] !== pairs[1][0] && pairs[2][0] === "year");
  const half = single ? pairs.length : pairs.length / 2;
  if (!Number.isInteger(half) || pairs.length === 0) return false;
  const [low, high] = [pairs.slice(0, half), single ? pairs : pairs.slice(half)];
  // Years weigh most, then months, then days; what a range does not name plays no part.
  const weight = { year: 10000, month: 100, date: 1 };
  const sum = (list, value) => list.reduce((total, [kind, own]) => total + weight[kind] * value(kind, own), 0);
  return __between(sum(low, (kind) => now[kind]), sum(low, (_, own) => own), sum(high, (_, own) => own));
}

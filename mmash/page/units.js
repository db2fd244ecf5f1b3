// Numbers as people read them.

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const SHORT_TIMES = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];

// Three digits that matter, without zeros at the end; whole numbers below 100,000 in full.
function digits(number) {
  if (Number.isInteger(number) && Math.abs(number) < 1e5) return String(number);
  const size = Math.abs(number);
  return String(Number(size >= 100 ? number.toFixed(0) : number.toPrecision(3)));
}

function plain(number) {
  let rest = number, step = 0;
  while (Math.abs(rest) >= 1e5 || (step > 0 && Math.abs(rest) >= 1000)) {
    if (step === PREFIXES.length - 1) break;
    rest /= 1000;
    step += 1;
  }
  if (rest !== 0 && Math.abs(rest) < 1e-3) return rest.toExponential(2);
  return digits(rest) + PREFIXES[step];
}

function inSeconds(number) {
  const size = Math.abs(number);
  if (size === 0) return '0 s';
  if (size >= 86400) return digits(number / 86400) + ' d';
  if (size >= 3600) return digits(number / 3600) + ' h';
  if (size >= 120) return digits(number / 60) + ' min';
  const [unit, name] = SHORT_TIMES.find(([unit]) => size >= unit) || SHORT_TIMES[3];
  return digits(number / unit) + ' ' + name;
}

function inBytes(number) {
  let rest = number, step = 0;
  while (Math.abs(rest) >= 1024 && step < BINARY.length - 1) {
    rest /= 1024;
    step += 1;
  }
  return digits(rest) + ' ' + BINARY[step];
}

// A number in its unit.
function inUnit(number, unit) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–';
  switch (unit) {
    case null: case undefined: return plain(number);
    case 'seconds': return inSeconds(number);
    case 'bytes': return inBytes(number);
    case 'ratio': return digits(number * 100) + ' %';
    case 'celsius': return digits(number) + ' °C';
    default: return plain(number) + ' ' + unit;
  }
}

// What is counted per second.
function perSecond(number, unit) {
  if (number === null || number === undefined || Number.isNaN(number)) return '';
  return inUnit(number, unit) + '/s';
}

function moment(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date.getTime())}`;
}

function clock(milliseconds) {
  const date = new Date(milliseconds);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

// Parts that are in no unit of the field.
const isBare = (part) => part.startsWith('count') || part.startsWith('rate');

// A label's value in words.
function valueText(about, value) {
  if (value === null || value === undefined) return '–';
  switch (about.class) {
    case 'info': return value.length > 3 ? value.slice(0, 3).join(', ') + ` and ${value.length - 3} more` : value.join(', ');
    case 'time': return moment(value);
    case 'histogram': case 'mean': case 'window': case 'recent': return partsText(about, value);
    default: return inUnit(value, about.unit);
  }
}

const SHOWN = {
  histogram: ['p50', 'p99', 'max'], mean: ['mean'], window: [], recent: ['last', 'mean', 'max'],
};

function partsText(about, value) {
  const names = SHOWN[about.class].length ? SHOWN[about.class] : Object.keys(value).filter((name) => !name.startsWith('rate'));
  const words = names.filter((name) => name in value).map((name) => partText(about, name, value[name]));
  return words.length ? words.join(' · ') : '–';
}

function partText(about, name, number) {
  if (name.startsWith('rate')) return `${name} ${perSecond(number, null)}`;
  return `${name} ${inUnit(number, isBare(name) ? null : about.unit)}`;
}

// The unit of the number that is drawn, in words.
function drawnText(about, number) {
  if (about.class === 'counter') return perSecond(number, about.unit) || '–';
  if (about.class === 'window') return perSecond(number, null) || '–';
  return inUnit(number, about.unit);
}

// How much is counted or recorded per second.
function rateText(about, rate) {
  return perSecond(rate, about.class === 'counter' ? about.unit : null);
}

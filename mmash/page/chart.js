// Lines, small and large. Nothing here knows where numbers come from.

const SVG = 'http://www.w3.org/2000/svg';
const SPARK_WIDTH = 120, SPARK_HEIGHT = 24;

// An element with text in it: text is never anything but text.
function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function makeSpark() {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'path'));
  return svg;
}

// The path of a small line over [least, greatest] pairs, the newest at the right edge. Null: nothing there.
function sparkPath(points, room, fromZero) {
  let low = fromZero ? 0 : Infinity, high = fromZero ? 0 : -Infinity;
  for (const point of points) {
    if (point === null) continue;
    low = Math.min(low, point[0]);
    high = Math.max(high, point[1]);
  }
  if (low > high) return '';
  const span = high - low || 1, step = SPARK_WIDTH / Math.max(1, room - 1);
  const y = (number) => (high === low && !fromZero ? SPARK_HEIGHT / 2
    : SPARK_HEIGHT - 1.5 - (number - low) / span * (SPARK_HEIGHT - 3)).toFixed(1);
  let path = '', isDown = false, x = SPARK_WIDTH - (points.length - 1) * step;
  for (const point of points) {
    if (point !== null) {
      path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y(point[0])}`;
      if (point[1] !== point[0]) path += `V${y(point[1])}`;
      else if (!isDown) path += 'h.1';
    }
    isDown = point !== null;
    x += step;
  }
  return path;
}

// Round numbers for an axis.
function ticks(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) found.push(tick);
  return found;
}

// The same on a logarithmic scale: powers of ten, and what is between them if these are few.
function decades(low, high) {
  const found = [], steps = high / low > 2000 ? [1] : high / low > 50 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    found.push(...steps.map((step) => step * 10 ** power).filter((mark) => mark >= low && mark <= high));
  }
  return found.length > 8 ? found.filter((_, place) => place % 2 === 0) : found;
}

class Chart {
  constructor(canvas) {
    this.canvas = canvas;
    this.left = 72;
    this.bottom = 22;
  }

  begin() {
    const { canvas } = this, scale = window.devicePixelRatio || 1;
    this.width = canvas.clientWidth;
    this.height = canvas.clientHeight;
    const [width, height] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    this.pen = canvas.getContext('2d');
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.pen.clearRect(0, 0, this.width, this.height);
    const style = getComputedStyle(canvas);
    this.color = (name) => style.getPropertyValue(`--${name}`).trim();
    this.pen.font = `12px ${style.fontFamily}`;
  }

  // Where the sample `place` of `count` is, the newest at the right.
  x(place, room, count) {
    const width = this.width - this.left - 8;
    return this.left + width * (room - count + place + 0.5) / room;
  }

  place(x, room, count) {
    const width = this.width - this.left - 8;
    return Math.max(0, Math.min(count - 1, Math.floor((x - this.left) / width * room - room + count)));
  }

  // The axes; `name` says a number.
  axes(marks, name, times, room) {
    const { pen } = this;
    pen.fillStyle = this.color('dim');
    pen.strokeStyle = this.color('rule');
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    for (const mark of marks) {
      const y = Math.round(this.y(mark)) + 0.5;
      pen.beginPath();
      pen.moveTo(this.left, y);
      pen.lineTo(this.width - 8, y);
      pen.stroke();
      pen.fillText(name(mark), this.left - 8, y);
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'alphabetic';
    const every = Math.max(1, Math.ceil(room / Math.max(2, Math.floor(this.width / 110))));
    for (let place = times.length - 1; place >= 0; place -= every) {
      const x = Math.min(this.x(place, room, times.length), this.width - 30);
      pen.fillText(clock(times[place]), x, this.height - 5);
    }
  }

  // A line through the numbers that are there.
  line(numbers, room, color, width = 1.75) {
    const { pen } = this;
    pen.beginPath();
    let isDown = false;
    numbers.forEach((number, place) => {
      if (number === null) {
        isDown = false;
        return;
      }
      const x = this.x(place, room, numbers.length), y = this.y(number);
      if (isDown) pen.lineTo(x, y);
      else {
        pen.moveTo(x - 0.5, y);
        pen.lineTo(x, y);
      }
      isDown = true;
    });
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.lineJoin = 'round';
    pen.stroke();
  }

  // From the least to the greatest process.
  band(pairs, room) {
    const { pen } = this;
    pen.fillStyle = this.color('band');
    let run = [];
    const fill = () => {
      if (run.length > 1) {
        pen.beginPath();
        for (const [x, low] of run) pen.lineTo(x, this.y(low));
        for (const [x, , high] of run.reverse()) pen.lineTo(x, this.y(high));
        pen.fill();
      }
      run = [];
    };
    pairs.forEach((pair, place) => {
      if (pair === null) fill();
      else run.push([this.x(place, room, pairs.length), pair[0], pair[1]]);
    });
    fill();
  }

  upright(x, color, isDashed) {
    const { pen } = this;
    pen.beginPath();
    pen.setLineDash(isDashed ? [3, 3] : []);
    pen.moveTo(x, 6);
    pen.lineTo(x, this.height - this.bottom);
    pen.strokeStyle = color;
    pen.lineWidth = 1;
    pen.stroke();
    pen.setLineDash([]);
  }

  // Numbers from low to high, on a scale by `by`.
  scale(low, high, by = (number) => number) {
    const [from, to] = [by(low), by(high)], height = this.height - this.bottom - 12;
    this.y = (number) => 8 + height * (1 - (by(number) - from) / (to - from || 1));
  }
}

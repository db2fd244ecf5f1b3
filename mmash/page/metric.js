// One label, large.

const byId = (id) => document.getElementById(id);
const MOST_ROWS = 60;

class Metric {
  constructor() {
    this.chart = new Chart(byId('chart'));
    this.rows = new Map();
    this.clear();
    const canvas = byId('chart');
    canvas.addEventListener('pointermove', (event) => {
      this.point(this.chart.place(event.offsetX, this.room, this.times.length));
    });
    canvas.addEventListener('pointerleave', () => this.point(null));
    canvas.addEventListener('blur', () => this.point(null));
    canvas.addEventListener('keydown', (event) => this.key(event));
    byId('samples').addEventListener('toggle', () => this.list());
    new ResizeObserver(() => this.draw()).observe(byId('stage'));
  }

  clear() {
    Object.assign(this, { about: null, times: [], ticks: [], lines: [], strips: null, marks: [], pointed: null, room: 60 });
    this.rows.clear();
    byId('processes').tBodies[0].replaceChildren();
  }

  // All that there is.
  begin(data, range) {
    const known = this.about && this.about.label === data.about.label;
    if (!known) this.clear();
    Object.assign(this, { about: data.about, times: data.times, lines: data.lines || [], strips: data.strips || null });
    this.marks = data.marks;
    this.room = range;
    this.first = data.tick - data.times.length + 1;
    byId('help').textContent = data.about.help || '';
    this.show(data);
  }

  // What one more sample adds.
  add(data) {
    if (!this.about) return;
    this.times.push(data.time);
    if (this.strips) this.strips.push(data.strip);
    else if (data.line) this.lines.push(data.line);
    else this.times.pop();
    while (this.times.length > this.room) {
      for (const list of [this.times, this.strips || this.lines]) list.shift();
      this.first += 1;
    }
    this.marks.push(...data.marks);
    this.marks = this.marks.filter(([tick]) => tick >= this.first);
    this.show(data);
  }

  show(data) {
    this.values = data.values;
    this.table(data.rows);
    if (!isPaused) this.render();
  }

  render() {
    if (!this.about) return;
    this.facts();
    this.draw();
    this.list();
    for (const row of this.rows.values()) row.render();
  }

  facts() {
    const { about, values: [, value, , processes, dead, rate] } = this, facts = [];
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [name, number] of Object.entries(value)) facts.push([name, partText(about, name, number).slice(name.length + 1)]);
    } else facts.push(['value', valueText(about, value)]);
    if (about.class === 'counter') facts.push(['rate', rateText(about, rate) || '–']);
    else if (rate !== null) facts.push(['recorded', rateText(about, rate)]);
    facts.push(['kind', about.class]);
    if (about.unit) facts.push(['unit', about.unit]);
    facts.push(['processes', String(processes)]);
    if (dead) facts.push(['files of ended programs', String(dead)]);
    const list = byId('facts');
    while (list.children.length > facts.length) list.lastChild.remove();
    facts.forEach(([name, text], place) => {
      let pair = list.children[place];
      if (!pair) {
        pair = make('div');
        pair.append(make('dt'), make('dd'));
        list.append(pair);
      }
      if (pair.firstChild.textContent !== name) pair.firstChild.textContent = name;
      if (pair.lastChild.textContent !== text) pair.lastChild.textContent = text;
    });
  }

  draw() {
    byId('stage').hidden = !this.about || ['info', 'time'].includes(this.about.class);
    byId('legend').hidden = byId('stage').hidden;
    if (byId('stage').hidden) return;
    const { chart } = this;
    chart.begin();
    if (this.strips) this.drawStrips();
    else this.drawLines();
    for (const [tick, hasBegun] of this.marks) {
      const place = tick - this.first;
      if (place >= 0) chart.upright(chart.x(place, this.room, this.times.length), chart.color(hasBegun ? 'begin' : 'end'), true);
    }
    if (this.pointed !== null) chart.upright(chart.x(this.pointed, this.room, this.times.length), chart.color('text'), false);
    this.describe();
  }

  drawLines() {
    const { chart, lines, about } = this, isMany = lines.some(([number, low, high]) => low !== high && number !== null);
    const numbers = lines.flat().filter((number) => number !== null);
    let low = Math.min(...numbers), high = Math.max(...numbers);
    if (!numbers.length) [low, high] = [0, 1];
    if (low > 0 && (about.class === 'counter' || low < high / 2)) low = 0;
    if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(high, 0)];
    const marks = ticks(low, high, 4);
    chart.scale(Math.min(low, marks[0]), Math.max(high, marks[marks.length - 1]));
    chart.axes(marks, (number) => drawnText(about, number), this.times, this.room);
    if (isMany) chart.band(lines.map(([, low, high]) => (low === null ? null : [low, high])), this.room);
    chart.line(lines.map(([number]) => number), this.room, chart.color('line'));
    const what = about.class === 'counter' ? 'per second' : about.class === 'window' ? 'rate' : about.class === 'mean' ? 'mean of what was added each second' : 'value';
    byId('legend').textContent = `Line: ${what}, all processes.${isMany ? ' Band: from the least to the greatest process.' : ''} Dashed: a program began or ended.`;
  }

  drawStrips() {
    const { chart, strips, about } = this, edge = (cell) => 2 ** (cell / 2);
    const cells = strips.flatMap(([, , , cells]) => cells.map(([cell]) => cell));
    const low = cells.length ? Math.min(...cells) : -20, high = (cells.length ? Math.max(...cells) : 0) + 1;
    chart.scale(edge(low - 0.5), edge(high + 0.5), Math.log);
    const most = Math.max(1, ...strips.flatMap(([, , , cells]) => cells.map(([, count]) => count)));
    const width = chart.x(1, this.room, 2) - chart.x(0, this.room, 2), { pen } = chart;
    pen.fillStyle = chart.color('heat');
    strips.forEach(([, , , cells], place) => {
      const x = chart.x(place, this.room, strips.length) - width / 2;
      for (const [cell, count] of cells) {
        pen.globalAlpha = 0.08 + 0.82 * Math.log1p(count) / Math.log1p(most);
        pen.fillRect(x, chart.y(edge(cell + 1)), Math.max(1, width + 0.3), chart.y(edge(cell)) - chart.y(edge(cell + 1)));
      }
    });
    pen.globalAlpha = 1;
    chart.axes(decades(edge(low), edge(high)), (number) => drawnText(about, number), this.times, this.room);
    const known = (place) => strips.map((strip) => (strip[0] ? strip[place] : null));
    chart.line(known(1), this.room, chart.color('p50'), 2);
    chart.line(known(2), this.room, chart.color('p99'), 2);
    byId('legend').textContent = 'Each column: what was recorded in a second; the darker, the more. Lower line: p50. Upper line: p99. Dashed: a program began or ended.';
  }

  // What the sample says, in words.
  words(place) {
    if (place === null || !(place in this.times)) return 'no sample';
    const time = clock(this.times[place]), marks = this.marks.filter(([tick]) => tick - this.first === place);
    const events = marks.map(([, hasBegun, process]) => `, ${process} ${hasBegun ? 'began' : 'ended'}`).join('');
    if (this.strips) {
      const [count, p50, p99] = this.strips[place];
      if (!count) return `${time}: nothing recorded${events}`;
      return `${time}: ${plain(count)} recorded, p50 ${inUnit(p50, this.about.unit)}, p99 ${inUnit(p99, this.about.unit)}${events}`;
    }
    const [number, low, high] = this.lines[place];
    const band = low === high || low === null ? '' : `, from ${drawnText(this.about, low)} to ${drawnText(this.about, high)}`;
    return `${time}: ${drawnText(this.about, number)}${band}${events}`;
  }

  describe() {
    const canvas = byId('chart'), last = Math.max(0, this.times.length - 1);
    const place = this.pointed === null ? last : this.pointed;
    canvas.setAttribute('aria-valuemax', String(last));
    // Not with each sample: a screen reader would never be silent.
    if (this.pointed !== null || document.activeElement !== canvas) {
      canvas.setAttribute('aria-valuenow', String(place));
      canvas.setAttribute('aria-valuetext', this.words(this.times.length ? place : null));
    }
    byId('reading').textContent = this.pointed === null ? '' : this.words(place);
  }

  point(place) {
    if (!this.times.length) return;
    this.pointed = place;
    this.draw();
  }

  key(event) {
    const last = this.times.length - 1, at = this.pointed === null ? last : this.pointed;
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last, PageUp: at - 10, PageDown: at + 10 };
    if (!(event.key in places) || last < 0) return;
    event.preventDefault();
    this.point(Math.max(0, Math.min(last, places[event.key])));
  }

  // A row for each process.
  table(rows) {
    const body = byId('processes').tBodies[0], here = new Set();
    for (const [name, value, drawn] of rows) {
      here.add(name);
      let row = this.rows.get(name);
      if (!row) {
        row = new ProcessRow(name, this.about);
        this.rows.set(name, row);
        if (this.rows.size <= MOST_ROWS) body.append(row.element);
      }
      row.take(value, drawn, this.room);
    }
    for (const [name, row] of this.rows) {
      if (here.has(name)) continue;
      row.element.remove();
      this.rows.delete(name);
    }
    body.parentElement.hidden = body.rows.length === 0;
    body.parentElement.previousElementSibling.hidden = body.rows.length === 0;
  }

  // The last samples, for whoever does not see the chart.
  list() {
    const details = byId('samples');
    details.hidden = !this.times.length;
    if (!details.open || !this.times.length) return;
    const [head, body] = [details.querySelector('thead'), details.querySelector('tbody')];
    const names = this.strips ? ['Time', 'Recorded', 'p50', 'p99'] : ['Time', 'All', 'Least', 'Greatest'];
    const line = make('tr');
    line.append(...names.map((name) => make('th', name, { scope: 'col' })));
    head.replaceChildren(line);
    const rows = [];
    for (let place = this.times.length - 1; place >= Math.max(0, this.times.length - 60); place -= 1) {
      const row = make('tr');
      const cells = this.strips ? this.strips[place].slice(0, 3) : this.lines[place];
      row.append(make('th', clock(this.times[place]), { scope: 'row' }));
      row.append(...cells.map((cell, at) => make('td', this.strips ? (at ? inUnit(cell, this.about.unit) : plain(cell)) : drawnText(this.about, cell))));
      rows.push(row);
    }
    body.replaceChildren(...rows);
  }
}

class ProcessRow {
  constructor(name, about) {
    this.about = about;
    this.points = [];
    this.element = make('tr');
    const picture = make('td');
    picture.append(makeSpark());
    this.element.append(make('th', name, { scope: 'row' }), make('td'), make('td'), picture);
  }

  take(value, drawn, room) {
    Object.assign(this, { value, drawn, room });
    this.points.push(drawn === null ? null : [drawn, drawn]);
    if (this.points.length > room) this.points.shift();
  }

  render() {
    const [, value, drawn, picture] = this.element.cells;
    value.textContent = valueText(this.about, this.value);
    drawn.textContent = this.drawn === null ? '' : drawnText(this.about, this.drawn);
    picture.querySelector('path').setAttribute('d', sparkPath(this.points, this.room, this.about.class === 'counter'));
  }
}

// The table of all labels. Only the rows that can be seen are there: a table of 10,000 labels costs what one of 30 does.

const POINTS = 60;

// A label's group: all up to the last dot before its attributes.
function groupOf(label) {
  const brace = label.indexOf('{'), name = brace < 0 ? label : label.slice(0, brace);
  return label.slice(0, name.lastIndexOf('.') + 1);
}

class Labels {
  constructor() {
    this.table = byId('labels');
    this.body = this.table.tBodies[0];
    this.entries = new Map();
    this.items = [];
    this.rows = new Map();
    this.words = [];
    this.closed = new Map();
    this.above = this.spacer();
    this.below = this.spacer();
    this.active = null;
    window.addEventListener('scroll', () => this.render(), { passive: true });
    window.addEventListener('resize', () => this.render());
  }

  spacer() {
    const row = make('tr', undefined, { class: 'spacer', 'aria-hidden': 'true', role: 'presentation' });
    row.append(make('td', undefined, { role: 'presentation', colspan: '4' }));
    return row;
  }

  // All labels, from the beginning. What was drawn of those that are still there is kept.
  begin(data) {
    const before = new Map([...this.entries.values()].map((entry) => [entry.label, entry]));
    this.entries = new Map();
    this.learn(data.labels, before);
    this.take(data);
    this.arrange();
  }

  learn(labels, before = new Map()) {
    for (const about of labels) {
      const known = before.get(about.label);
      const points = known && known.class === about.class ? known.points : [];
      this.entries.set(about.id, { ...about, points, value: null, drawn: null, rate: null, processes: 0, dead: 0, at: -1 });
    }
  }

  // The past of some labels.
  remember(data) {
    this.span = data.span;
    for (const [id, course] of data.courses) {
      const entry = this.entries.get(id);
      if (!entry) continue;
      entry.points = course.map((point) => (point === null ? null : data.span === 1 ? [point, point] : point));
      entry.at = Math.floor(data.tick / data.span);
    }
  }

  // New values. Those that are not named are as they were.
  take(data) {
    this.tick = data.tick;
    for (const [id, value, drawn, processes, dead, rate] of data.values) {
      const entry = this.entries.get(id);
      if (entry) Object.assign(entry, { value, drawn, processes, dead, rate });
    }
  }

  next(data) {
    if (data.labels.length) this.learn(data.labels);
    const wereThere = this.there;
    this.take(data);
    const at = Math.floor(data.tick / this.span);
    this.there = 0;
    for (const entry of this.entries.values()) {
      this.there += this.isThere(entry) ? 1 : 0;
      if (!['info', 'time'].includes(entry.class)) this.prolong(entry, at);
    }
    if (data.labels.length || wereThere !== this.there) this.arrange();
  }

  prolong(entry, at) {
    const { points, drawn } = entry, last = points[points.length - 1];
    if (entry.at === at && points.length) {
      if (drawn !== null) points[points.length - 1] = last ? [Math.min(last[0], drawn), Math.max(last[1], drawn)] : [drawn, drawn];
    } else {
      // Most are what they were: a point is never changed, so it may be there twice.
      const isSame = last && last[0] === drawn && last[1] === drawn;
      points.push(isSame ? last : drawn === null ? null : [drawn, drawn]);
      if (points.length > POINTS) points.shift();
    }
    entry.at = at;
  }

  isThere(entry) {
    return entry.processes > 0 || (entry.dead > 0 && !byId('living').checked);
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter((word) => word);
    this.arrange();
  }

  isOpen(group) {
    if (this.words.length) return true;
    // What every program says of itself is seldom what somebody looks for.
    return !(this.closed.get(group) ?? /(^|\.)(sys|org\.[a-z]+)\.$/.test(group));
  }

  toggle(group) {
    this.closed.set(group, this.isOpen(group));
    this.arrange();
  }

  // What is in the table, in order: groups and their labels.
  arrange() {
    const groups = new Map();
    for (const entry of this.entries.values()) {
      const text = entry.label.toLowerCase();
      if (!this.isThere(entry) || !this.words.every((word) => text.includes(word))) continue;
      const group = groupOf(entry.label);
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(entry);
    }
    this.items = [];
    const order = (a, b) => (a < b ? -1 : Number(a > b));
    for (const group of [...groups.keys()].sort(order)) {
      const entries = groups.get(group).sort((a, b) => order(a.label, b.label)), isOpen = this.isOpen(group);
      if (group) this.items.push({ key: `g${group}`, group, isOpen, count: entries.length });
      if (isOpen || !group) this.items.push(...entries.map((entry) => ({ key: `l${entry.label}`, entry, group })));
    }
    this.found = [...groups.values()].reduce((sum, entries) => sum + entries.length, 0);
    this.table.setAttribute('aria-rowcount', String(this.items.length + 1));
    this.render(true);
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.table).getPropertyValue('--row'));
  }

  // Puts the rows that can be seen into the table, and what they say.
  render(isForced = false) {
    if (byId('overview').hidden || (isPaused && !isForced && !this.hasScrolled())) return;
    const height = this.rowHeight(), top = this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / height) - 4);
    const last = Math.min(this.items.length, Math.ceil((window.innerHeight - top) / height) + 4);
    this.scrolled = window.scrollY;
    const shown = this.items.slice(Math.min(first, last), last), rows = new Map();
    const elements = shown.map((item, place) => {
      const row = this.rows.get(item.key) || (item.entry ? this.makeRow(item) : this.makeGroup(item));
      rows.set(item.key, row);
      row.setAttribute('aria-rowindex', String(first + place + 2));
      if (item.entry) this.fill(row, item.entry);
      else this.fillGroup(row, item);
      return row;
    });
    this.above.firstChild.style.height = `${first * height}px`;
    this.below.firstChild.style.height = `${(this.items.length - last) * height}px`;
    const wanted = [this.above, ...elements, this.below];
    const isSame = wanted.length === this.body.children.length && wanted.every((row, place) => this.body.children[place] === row);
    if (!isSame) this.put(wanted);
    this.rows = rows;
  }

  // Moves no row that is in its place: one that has the focus would lose it.
  put(wanted) {
    const keep = new Set(wanted);
    for (const row of [...this.body.children]) if (!keep.has(row)) row.remove();
    let at = this.body.firstChild;
    for (const row of wanted) {
      if (row === at) at = at.nextSibling;
      else this.body.insertBefore(row, at);
    }
  }

  hasScrolled() {
    return this.scrolled !== window.scrollY;
  }

  makeRow({ entry, group, key }) {
    const row = make('tr', undefined, { role: 'row', class: 'label' });
    const name = make('th', undefined, { role: 'rowheader', scope: 'row' });
    const link = make('a', entry.label.slice(group.length) || entry.label, { href: entry.href, 'aria-label': entry.label, title: entry.help || entry.label });
    link.dataset.key = key;
    name.append(link);
    const cells = ['value', 'rate', 'past'].map((kind) => make('td', undefined, { role: 'cell', class: kind }));
    cells[2].append(makeSpark());
    row.append(name, ...cells);
    return row;
  }

  makeGroup({ group, key }) {
    const row = make('tr', undefined, { role: 'row', class: 'group' });
    const cell = make('th', undefined, { role: 'rowheader', scope: 'rowgroup', colspan: '4', 'aria-colspan': '4' });
    const button = make('button', undefined, { type: 'button' });
    button.dataset.key = key;
    button.addEventListener('click', () => this.toggle(group));
    button.append(make('span', group), ' ', make('span', undefined, { class: 'dim' }));
    cell.append(button);
    row.append(cell);
    return row;
  }

  fillGroup(row, { isOpen, count }) {
    const button = row.querySelector('button');
    button.setAttribute('aria-expanded', String(isOpen));
    const text = count === 1 ? '1 label' : `${count} labels`;
    if (button.lastChild.textContent !== text) button.lastChild.textContent = text;
  }

  fill(row, entry) {
    const [, value, rate, past] = row.children;
    const [valueNow, rateNow] = [valueText(entry, entry.value), rateText(entry, entry.rate)];
    if (value.textContent !== valueNow) value.textContent = valueNow;
    if (rate.textContent !== rateNow) rate.textContent = rateNow;
    row.classList.toggle('dead', entry.processes === 0);
    const path = sparkPath(entry.points, POINTS, entry.class === 'counter');
    const line = past.firstChild.firstChild;
    if (line.getAttribute('d') !== path) line.setAttribute('d', path);
  }

  // Moves the focus by so many rows.
  move(by) {
    const key = document.activeElement && document.activeElement.dataset.key;
    const from = this.items.findIndex((item) => item.key === key);
    const to = from < 0 ? this.firstSeen() : Math.max(0, Math.min(this.items.length - 1, from + by));
    if (!(to in this.items)) return;
    const height = this.rowHeight(), top = this.body.getBoundingClientRect().top + to * height;
    const head = byId('labels').tHead.offsetHeight + byId('controls').closest('header').offsetHeight;
    if (top < head) window.scrollBy(0, top - head);
    else if (top + height > window.innerHeight) window.scrollBy(0, top + height - window.innerHeight + 8);
    this.render(true);
    const row = this.rows.get(this.items[to].key);
    if (row) row.querySelector('a, button').focus({ preventScroll: true });
  }

  firstSeen() {
    return Math.max(0, Math.ceil(-this.body.getBoundingClientRect().top / this.rowHeight()));
  }
}

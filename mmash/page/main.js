// What is looked at, and the stream that brings it.

let isPaused = false;
let source = null;
let query = new URLSearchParams(location.search);
const labels = new Labels();
const metric = new Metric();

const wantedRange = () => Number(byId('range').value);

// The label whose own page this is; null on the page of all labels.
function shownLabel() {
  return location.pathname.startsWith('/m/') ? location.pathname.slice(3) : null;
}

function say(state, text) {
  document.documentElement.dataset.state = state;
  if (byId('status').textContent !== text) byId('status').textContent = text;
}

function count(data) {
  const files = data.files === 1 ? '1 file' : `${data.files} files`;
  const text = data.dead ? `${files}, ${data.dead} of ended programs` : files;
  if (byId('counts').textContent !== text) byId('counts').textContent = text;
}

function live() {
  say(isPaused ? 'paused' : 'live', isPaused ? 'paused' : 'live');
}

// Settings are in the address, so that a link shows what its sender sees.
function settings() {
  const named = { q: byId('search').value, range: byId('range').value, aggr: byId('aggr').value, living: byId('living').checked ? '1' : '' };
  const usual = { q: '', range: '60', aggr: 'auto', living: '' };
  query = new URLSearchParams(Object.entries(named).filter(([name, value]) => value !== usual[name]));
  return query.size === 0 ? '' : `?${query}`;
}

function keepSettings() {
  history.replaceState(null, '', location.pathname + settings());
}

function readSettings() {
  query = new URLSearchParams(location.search);
  const choose = (id, value) => {
    if ([...byId(id).options].some((option) => option.value === value)) byId(id).value = value;
  };
  byId('search').value = query.get('q') || '';
  choose('range', query.get('range') || '60');
  choose('aggr', query.get('aggr') || 'auto');
  byId('living').checked = query.get('living') === '1';
  labels.words = byId('search').value.toLowerCase().split(/\s+/).filter((word) => word);
}

function close() {
  if (source) source.close();
  source = null;
}

function open() {
  close();
  if (document.hidden) return;
  const label = shownLabel(), range = wantedRange();
  let address = `/api/1/events?range=${range}&aggr=${byId('aggr').value}`;
  if (byId('living').checked) address += '&living=1';
  // What is in the address is encoded already, and may be no UTF-8.
  if (label !== null) address += `&label=${label}`;
  source = new EventSource(address);
  const hear = (name, act) => source.addEventListener(name, (event) => {
    const data = JSON.parse(event.data);
    // First what asks for places on the page: after a change, that would have it laid out once more.
    act(data);
    if (data.files !== undefined) count(data);
    live();
  });
  hear('table', (data) => { labels.begin(data); showEmpty(); });
  hear('courses', (data) => { labels.remember(data); labels.render(); });
  hear('tick', (data) => { labels.next(data); labels.render(); showEmpty(); });
  hear('metric', (data) => { metric.begin(data, range); showMetric(data); });
  hear('point', (data) => metric.add(data));
  hear('missing', () => {
    byId('empty').hidden = false;
    byId('metric').hidden = true;
    byId('empty').textContent = 'No program has published this label yet. It is shown as soon as one does.';
  });
  source.addEventListener('error', () => {
    say('lost', 'no connection, trying again');
    // A browser does not come back by itself after an error of the server.
    if (source && source.readyState === EventSource.CLOSED) setTimeout(() => { if (!source || source.readyState === EventSource.CLOSED) open(); }, 2000);
  });
}

function showMetric(data) {
  byId('empty').hidden = true;
  byId('metric').hidden = false;
  byId('name').textContent = data.about.label;
  document.title = `${data.about.label} – mmash`;
  metric.render();
}

function showEmpty() {
  if (shownLabel() !== null) return;
  const empty = byId('empty');
  byId('overview').hidden = false;
  empty.hidden = labels.items.length > 0;
  if (labels.items.length) return;
  empty.textContent = labels.entries.size === 0 ? 'No program publishes anything here yet. This page looks again each second.'
    : labels.words.length ? 'No label has all these words.' : 'No living program publishes anything here.';
}

// Shows what the address says.
function visit() {
  const isMetric = shownLabel() !== null;
  byId('overview').hidden = isMetric;
  byId('metric').hidden = true;
  document.body.classList.toggle('one', isMetric);
  if (!isMetric) {
    document.title = 'mmash';
    labels.arrange();
  }
  byId('empty').hidden = true;
  open();
}

function follow(path) {
  history.pushState(null, '', path + settings());
  metric.clear();
  visit();
  window.scrollTo(0, 0);
  byId('main').focus({ preventScroll: true });
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const path = link.getAttribute('href');
  if (path !== '/' && !path.startsWith('/m/')) return;
  event.preventDefault();
  follow(path);
});

function pause() {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  live();
  if (!isPaused) {
    labels.render(true);
    metric.render();
  }
}

byId('pause').addEventListener('click', pause);
byId('controls').addEventListener('submit', (event) => event.preventDefault());
byId('search').addEventListener('input', () => {
  keepSettings();
  if (shownLabel() !== null) follow('/');
  else {
    labels.search(byId('search').value);
    showEmpty();
  }
  byId('search').focus();
});
for (const id of ['range', 'aggr', 'living']) {
  byId(id).addEventListener('change', () => {
    keepSettings();
    labels.arrange();
    open();
  });
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches('input[type=search], select');
  if (event.key === 'Escape') {
    if (event.target === byId('search')) byId('search').blur();
    else if (shownLabel() !== null) follow('/');
    return;
  }
  if (event.target === byId('search') && event.key === 'ArrowDown') {
    event.preventDefault();
    byId('search').blur();
    labels.move(1);
    return;
  }
  if (isTyping) return;
  if (event.key === '/') byId('search').focus();
  else if (event.key === 'p') pause();
  else if (event.key === '?') {
    byId('keys').open = !byId('keys').open;
    byId('keys').firstElementChild.focus();
  } else if (shownLabel() === null && ['ArrowDown', 'ArrowUp'].includes(event.key)) labels.move(event.key === 'ArrowDown' ? 1 : -1);
  else return;
  event.preventDefault();
});

// A page that nobody sees keeps no connection: a browser grants only six of them.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    close();
    say('lost', 'asleep');
  } else open();
});
window.addEventListener('popstate', () => {
  readSettings();
  visit();
});

readSettings();
visit();

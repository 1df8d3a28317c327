// Makes tables sortable and lists filterable. It only moves, hides and reads elements.
for (const table of document.querySelectorAll('table[data-sortable]')) makeSortable(table);
for (const form of document.querySelectorAll('form.filter')) makeFilter(form);
function makeSortable(table) {
  const headers = [...table.tHead.rows[0].cells];
  for (const [column, header] of headers.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener('click', () => {
      const numeric = header.classList.contains('number');
      const before = header.getAttribute('aria-sort');
      const descending = before === null ? numeric : before === 'ascending';
      for (const other of headers) other.removeAttribute('aria-sort');
      header.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      sortRows(table.tBodies[0], column, numeric, descending ? -1 : 1);
    });
  }
}

function sortRows(body, column, numeric, direction) {
  const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column], numeric) }));
  keyed.sort((a, b) => {
    // Cells without a number come last either way.
    if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
    return direction * (numeric ? a.key - b.key : a.key.localeCompare(b.key, undefined, { numeric: true }));
  });
  body.append(...keyed.map(({ row }) => row));
}

function keyOf(cell, numeric) {
  const text = cell.dataset.value ?? cell.textContent;
  if (!numeric) return text;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function makeFilter(form) {
  const filtered = [...document.getElementById(form.dataset.filters).children].map((element) => ({
    element,
    text: element.textContent.toLowerCase(),
  }));
  const count = form.querySelector('output');
  const apply = () => {
    const { search = '', ...exact } = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const { element, text } of filtered) {
      const matches =
        text.includes(search.toLowerCase()) &&
        Object.entries(exact).every(([name, value]) => value === '' || element.dataset[name] === value);
      element.hidden = !matches;
      if (matches) shown += 1;
    }
    count.textContent = `${shown} of ${filtered.length} shown`;
  };
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  apply();
}

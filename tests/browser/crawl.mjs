// Finds the pages of the console by following every link.

/** Pages that differ in ids and in what filters say are one. */
export const shape = (url) => {
  const at = new URL(url);
  const one = at.pathname
    .replace(/\/(m2m|sec|res|adm|req|rev|chg|apr|team)_[\w-]+/g, '/$1')
    .replace(/\/[0-9A-HJKMNP-TV-Z]{26}/g, '/id')
    .replace(/\/apis\/[^/]{20,}/, '/apis/id');
  return `${one}?${[...at.searchParams.keys()].sort().join('&')}`;
};

const OTHER = /\.(csv|jsonl?|cef|ocsf|toml)(\?|$)|\/(stream|first-use|static|sign-out|audit\/tlog|log\/tlog|oauth)(\/|$|\?)/;
const isPage = (base, url) => url.startsWith(`${base}/`) && !OTHER.test(url);

/**
 * From the overview on: `visit(url)` looks at a page and gives the links on it.
 * Answers with how many pages there were, at most `most`.
 */
export const crawl = async (base, most, visit) => {
  const seen = new Set();
  const queue = [`${base}/`];
  while (queue.length && seen.size < most) {
    const url = queue.shift();
    if (seen.has(shape(url))) continue;
    seen.add(shape(url));
    for (const link of await visit(url)) {
      const href = link.split('#')[0];
      if (isPage(base, href) && !seen.has(shape(href))) queue.push(href);
    }
  }
  return seen.size;
};

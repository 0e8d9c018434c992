// Verifies a license in the page: it goes to no server. Only the status list is fetched, which says nothing of who asks.
import { fetchStatusList, statusListUri, verifyLicense } from '@aegis/client';

// Of the page's own origin: a person who could change them could change the page.
const { keys, issuer } = await (await fetch('vendor.json')).json();
const form = document.querySelector('#check');
const output = document.querySelector('output');

async function statusListOf(token) {
  const uri = await statusListUri(token, keys);
  const fetched = uri && (await fetchStatusList(uri));
  return fetched?.outcome === 'fetched' ? fetched.text : null;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void show(form.elements.token.value);
});

async function show(token) {
  const statusList = await statusListOf(token);
  const options = { keys, issuer, module: 'payroll', version: '17.0', statusList };
  const { code, error, customer_name, revocation } = await verifyLicense(token, options);
  output.value = error === null ? `${code}: ${customer_name}, revocation ${revocation}` : `${code}: ${error}`;
}

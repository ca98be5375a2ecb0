// The module-federation container that JupyterLab loads, written by hand: no bundler, no Node.
//
// JupyterLab runs this as a classic script, hands its own packages to `init` and asks `get` for
// the extension. The rest are ES modules beside this file, loaded when they are asked for.
(() => {
  const USED = [
    '@jupyterlab/apputils',
    '@jupyterlab/notebook',
    '@jupyterlab/rendermime',
    '@jupyterlab/services',
    '@lumino/widgets'
  ];
  const here = document.currentScript.src;
  let packages;

  /** One of JupyterLab's own packages, the newest version that it shares. */
  async function shared(name) {
    const versions = packages[name];
    const newest = Object.keys(versions).sort(byVersion).at(-1);
    return (await versions[newest].get())();
  }

  function byVersion(one, other) {
    return one.localeCompare(other, undefined, { numeric: true });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB.oci_magic = {
    init: scope => {
      packages = scope;
    },
    get: async () => {
      const [{ plugin }, ...parts] = await Promise.all([
        import(new URL('plugin.js', here).href),
        ...USED.map(shared)
      ]);
      const module = { __esModule: true, default: plugin(Object.assign({}, ...parts)) };
      return () => module;
    }
  };
})();

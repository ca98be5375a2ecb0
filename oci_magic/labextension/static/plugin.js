// The plugin: tells the kernel with every request that this front end can write cells, and does
// to the notebook what the kernel sends back. `lab` holds the names of JupyterLab's packages.

import { Cells } from './cells.js';
import { panelFactory } from './panel.js';

/** The comm's target, and the key of cell metadata that is ours. */
const NAME = 'oci_magic';
/** The key of request metadata. Not `NAME`: JupyterLab puts a cell's metadata into its request. */
const CLIENT = 'oci_magic_client';
/** Version of the operations below; the kernel speaks no newer one than it is told. */
const PROTOCOL = 1;
const OVER = ['restarting', 'autorestarting', 'terminating', 'dead'];
const RANK = 0; // before the static HTML that stands beside the panel's data

export function plugin(lab) {
  return {
    id: 'oci_magic:plugin',
    autoStart: true,
    requires: [lab.INotebookTracker, lab.IRenderMimeRegistry],
    activate: (_app, tracker, rendermime) => {
      const followed = new Map(); // notebook panel → its cells
      rendermime.addFactory(panelFactory(lab, (node, action) => act(followed, node, action)), RANK);
      const added = panel => {
        followed.set(panel, follow(lab, panel));
        panel.disposed.connect(() => followed.delete(panel));
      };
      tracker.forEach(added);
      tracker.widgetAdded.connect((_, panel) => added(panel));
      style();
    }
  };
}

/** Attach to every kernel that the notebook has, one after the other. */
function follow(lab, panel) {
  const cells = new Cells(lab, panel);
  const context = panel.sessionContext;
  const attach = kernel => kernel && new Attached(cells, kernel);
  context.kernelChanged.connect((_, change) => attach(change.newValue));
  context.statusChanged.connect((_, status) => OVER.includes(status) && cells.release());
  lab.NotebookActions.executed.connect((_, { cell }) => cells.executed(cell.model));
  attach(context.session?.kernel);
  return cells;
}

/** The notebook's cells are there and the kernel's status is known. */
async function panelReady(panel) {
  await panel.context.ready;
  await panel.revealed;
  await panel.sessionContext.ready;
}

/** Do what a button of a prompt's panel says. */
function act(followed, node, action) {
  for (const [panel, cells] of followed) {
    if (panel.node.contains(node)) {
      const prompt = panel.content.widgets.find(cell => cell.node.contains(node));
      cells.act(prompt.model.id, action);
    }
  }
}

function style() {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('style.css', import.meta.url).href;
  document.head.append(link);
}

/** One connection to a kernel: its requests say who asks, its comms change this notebook. */
class Attached {
  constructor(cells, kernel) {
    this.cells = cells;
    this.kernel = kernel;
    kernel.registerCommTarget(NAME, (comm, open) => this.opened(comm, open.content.data));
    const request = kernel.requestExecute.bind(kernel);
    kernel.requestExecute = (content, dispose, metadata) =>
      request(content, dispose, { ...metadata, [CLIENT]: this.told(content, metadata) });
    void panelReady(cells.panel).then(() => this.catchUp());
  }

  /** A window that was loaded while a prompt was at work asks how it ended. */
  catchUp() {
    const answers = this.cells.answers();
    if (Object.keys(answers).length && !this.kernel.isDisposed) {
      const comm = this.kernel.createComm(NAME);
      comm.onMsg = message => this.apply(message.content.data);
      comm.open({ client: this.kernel.clientId, answers });
    }
  }

  /** What a request tells: who asks, how far this notebook is, and what a prompt made before. */
  told(content, metadata) {
    const { clientId } = this.kernel;
    const told = { protocol: PROTOCOL, client: clientId, deletions: this.cells.deletions };
    const asks = metadata?.cellId && /^\s*%%?oci\b/.test(content.code);
    return asks ? { ...told, ...this.cells.told(metadata.cellId) } : told;
  }

  opened(comm, { client }) {
    if (client !== this.kernel.clientId) {
      return; // another window's prompt
    }
    comm.onMsg = message => this.apply(message.content.data);
    comm.onClose = () => this.cells.release();
  }

  apply({ operation, ...values }) {
    try {
      this.cells[operation](values, this.kernel);
    } catch (error) {
      console.warn(`oci_magic: ${operation} failed`, error);
    }
  }
}

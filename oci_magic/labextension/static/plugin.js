// The plugin: tells the kernel with every request that this front end can write cells, and does
// to the notebook what the kernel sends back. `lab` holds the names of JupyterLab's packages.

import { Cells } from './cells.js';

/** The comm's target, and the key of cell metadata that is ours. */
const NAME = 'oci_magic';
/** The key of request metadata. Not `NAME`: JupyterLab puts a cell's metadata into its request. */
const CLIENT = 'oci_magic_client';
/** Version of the operations below; the kernel speaks no newer one than it is told. */
const PROTOCOL = 1;
const OVER = ['restarting', 'autorestarting', 'terminating', 'dead'];

export function plugin(lab) {
  return {
    id: 'oci_magic:plugin',
    autoStart: true,
    requires: [lab.INotebookTracker],
    activate: (_app, tracker) => {
      tracker.forEach(panel => follow(lab, panel));
      tracker.widgetAdded.connect((_, panel) => follow(lab, panel));
      document.addEventListener('click', event => stop(tracker, event), true);
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
  }

  /** What a request tells: who asks, how far this notebook is, and what a prompt made before. */
  told(content, metadata) {
    const { clientId } = this.kernel;
    const told = { protocol: PROTOCOL, client: clientId, deletions: this.cells.deletions };
    const asks = metadata?.cellId && /^\s*%%?oci\b/.test(content.code);
    return asks ? { ...told, made: this.cells.madeBy(metadata.cellId) } : told;
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

/** A Stop button interrupts the kernel from here: a busy kernel does not hear of clicks. */
function stop(tracker, event) {
  const button = event.target.closest?.('.oci-magic-stop');
  const panel = button && tracker.find(candidate => candidate.node.contains(button));
  panel?.sessionContext.session?.kernel?.interrupt();
}

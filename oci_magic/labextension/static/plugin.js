// The plugin: tells the kernel with every request that this front end can write cells, and does
// to the notebook what the kernel sends back. `lab` holds the names of JupyterLab's packages.

import { atRow, Cells } from './cells.js';
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
      rendermime.addFactory(panelFactory(lab, buttonsOf(followed)), RANK);
      const added = panel => {
        followed.set(panel, follow(lab, panel, followed));
        panel.disposed.connect(() => followed.delete(panel));
      };
      tracker.forEach(added);
      tracker.widgetAdded.connect((_, panel) => added(panel));
      style();
    }
  };
}

/** Attach to every kernel that the notebook has, one after the other. */
function follow(lab, panel, followed) {
  const cells = new Cells(lab, panel, followed);
  const context = panel.sessionContext;
  let attached;
  // A restart comes here too, with the connection of before.
  const attach = kernel => {
    attached?.remove(cells);
    cells.restarted();
    attached = kernel?.handleComms ? Attached.to(kernel) : undefined;
    attached?.add(cells);
  };
  const changed = (_, change) => attach(change.newValue);
  const status = (_, name) => OVER.includes(name) && cells.restarted();
  const executed = (_, { cell }) => cells.executed(cell.model);
  let path = panel.context.path;
  const renamed = () => {
    attached?.renamed(path, panel.context.path);
    path = panel.context.path;
  };
  panel.context.pathChanged.connect(renamed);
  const scheduled = (_, { notebook, cell }) =>
    notebook === panel.content && cells.scheduled(cell.model);
  lab.NotebookActions.executionScheduled.connect(scheduled);
  const revert = panel.context.revert.bind(panel.context);
  panel.context.revert = () => revert().finally(() => cells.reverted());
  context.kernelChanged.connect(changed);
  context.statusChanged.connect(status);
  lab.NotebookActions.executed.connect(executed);
  panel.disposed.connect(() => {
    panel.context.pathChanged.disconnect(renamed);
    context.kernelChanged.disconnect(changed);
    context.statusChanged.disconnect(status);
    lab.NotebookActions.executed.disconnect(executed);
    lab.NotebookActions.executionScheduled.disconnect(scheduled);
    attached?.remove(cells);
  });
  attach(context.session?.kernel);
  const restored = () => {
    const prompt = panel.isDisposed ? undefined : cells.restored();
    if (prompt) {
      attached?.catchUp(cells, prompt);
    }
  };
  void cells.ready().then(() => panel.content.model?.cells.changed.connect(restored));
  return cells;
}

const connections = new WeakMap(); // kernel connection → what is attached to it

/** One connection to a kernel: its requests say who asks, its comms change the notebook. */
class Attached {
  static to(kernel) {
    if (!connections.has(kernel)) {
      connections.set(kernel, new Attached(kernel));
    }
    return connections.get(kernel);
  }

  constructor(kernel) {
    this.kernel = kernel;
    this.views = []; // the notebook's cells, once for each view of it
    this.asked = undefined; // the last request for input that came
    kernel.registerCommTarget(NAME, (comm, open) => this.opened(comm, open.content.data));
    kernel.anyMessage.connect((_, { msg, direction }) => {
      if (direction === 'recv' && msg.header.msg_type === 'input_request') {
        this.asked = msg;
      }
    });
    const request = kernel.requestExecute.bind(kernel);
    kernel.requestExecute = (content, dispose, metadata) =>
      request(content, dispose, { ...metadata, ...this.told(content, metadata) });
  }

  add(cells) {
    this.views.push(cells);
    void cells.ready().then(() => this.catchUp(cells));
  }

  remove(cells) {
    const [first] = this.views;
    this.views = this.views.filter(view => view !== cells);
    if (first === cells && !this.kernel.isDisposed) {
      this.views[0]?.takeOver(cells, this);
    }
  }

  /** A window that was loaded while a prompt was at work asks how it ended; one that `missed`
   * something of an answer, too.
   *
   * A copy of the notebook with the same kernel has the same cells: it is told by its path.
   */
  catchUp(cells, missed) {
    const answers = cells.answers();
    if (missed) {
      answers[missed] = null;
    }
    if (Object.keys(answers).length && this.views[0] === cells && !this.kernel.isDisposed) {
      const comm = this.kernel.createComm(NAME);
      comm.onMsg = message => this.apply(message.content.data);
      comm.open({ client: this.kernel.clientId, path: cells.path, answers });
    }
  }

  /** The kernel knows a notebook by its path. */
  renamed(from, to) {
    if (!this.kernel.isDisposed) {
      this.kernel.createComm(NAME).open({ renamed: { from, to } });
    }
  }

  /** What a request tells: who asks, how far this notebook is, and what a prompt made before. */
  told(content, metadata) {
    if (!this.views.length) {
      return {};
    }
    const [cells] = this.views;
    const told = {
      protocol: PROTOCOL,
      client: this.kernel.clientId,
      path: cells.path,
      deletions: cells.deletions
    };
    const prompt = metadata?.cellId;
    if (prompt && /^\s*%%?oci\b/.test(content.code)) {
      const actions = this.views.map(view => view.takeAction(prompt));
      const action = actions.find(Boolean) ?? null;
      Object.assign(told, { made: cells.told(prompt), action, stands: cells.stands() });
    }
    return { [CLIENT]: told };
  }

  opened(comm, { client, prompt }) {
    if (client !== this.kernel.clientId) {
      return; // another window's prompt
    }
    const views = this.views;
    views.forEach(cells => cells.begin(prompt));
    comm.onMsg = message => {
      if (this.views[0]?.lost.has(prompt)) {
        return; // it is told how that ended
      }
      this.apply(message.content.data);
      const [first, ...others] = this.views;
      others.forEach(cells => first.locked.forEach(id => cells.lock(id)));
    };
    comm.onClose = () => {
      const there = views.filter(cells => this.views.includes(cells)); // others are closed
      const missed = there.filter(cells => cells.end(prompt));
      this.views.forEach(cells => cells.release());
      const lost = this.views.filter(cells => cells.lost.delete(prompt));
      lost.forEach(cells => this.catchUp(cells));
      missed.filter(cells => !lost.includes(cells)).forEach(cells => this.catchUp(cells, prompt));
    };
  }

  apply({ operation, ...values }) {
    try {
      atRow(() => this.views[0]?.[operation](values, this));
    } catch (error) {
      console.warn(`oci_magic: ${operation} failed`, error);
    }
  }
}

/** What a panel needs to know of the notebook around it, and can have done there. */
function buttonsOf(followed) {
  const around = node => {
    for (const [panel, cells] of followed) {
      if (panel.node.contains(node)) {
        const cell = panel.content.widgets.find(candidate => candidate.node.contains(node));
        return cell && { cells, id: cell.model.id };
      }
    }
    return undefined;
  };
  return {
    act: (node, action) => {
      const { cells, id } = around(node) ?? {};
      const there = cells?.model(action.prompt);
      if (action.kind === 'apply' && action.prompt && !there) {
        return { say: 'the cell that failed is not there any more' };
      }
      return cells?.act(there ? action.prompt : id, action);
    },
    chosen: node => {
      const { cells, id } = around(node) ?? {};
      return cells?.chosen(id) ?? {};
    },
    /** Whether this window follows the prompt at work; of one that stands nowhere yet, true. */
    live: node => {
      const found = around(node);
      return !found || found.cells.live.has(found.id);
    }
  };
}

function style() {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('style.css', import.meta.url).href;
  document.head.append(link);
}

// The camera, lent by the browser: what the widgets that show it have in common. Each widget's own file comes after this.

const REASONS = {
  NotAllowedError: "it was refused. Allow it beside the page's address, and press again.",
  NotFoundError: "none was found.",
  NotReadableError: "another program uses it.",
};

async function lend(width) {
  if (!navigator.mediaDevices) throw new Error("browsers lend one only to a page on https or on this machine.");
  return navigator.mediaDevices.getUserMedia({ video: { width: { ideal: width } } });
}

const reason = (error) => REASONS[error.name] ?? error.message;

const giveBack = (video) => {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
};


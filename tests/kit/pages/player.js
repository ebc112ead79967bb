/**
 * Plays a playlist in hls.js or in the browser's own HLS, and keeps a log of how it went: samples of
 * [milliseconds, currentTime, playing date or null]. `crossorigin` makes the browser insist on CORS, and
 * lets the picture be read back.
 */
const video = document.querySelector('video');
const canvas = document.querySelector('canvas');
const player = { hls: null, log: [], errors: [] };

player.open = (url, withHlsJs, settings) => {
  if (withHlsJs) {
    player.hls = new Hls({ enableWorker: false, ...settings });
    player.hls.on(Hls.Events.ERROR, (_event, data) => {
      player.errors.push(`${data.fatal ? 'fatal ' : ''}${data.details}`);
    });
    player.hls.loadSource(url);
    player.hls.attachMedia(video);
  } else video.src = url;
  video.addEventListener('error', () => player.errors.push(`fatal ${video.error?.message}`));
};

/** Starts to play; a browser refuses before it has anything to play, so that is waited for. */
player.play = async (rate) => {
  video.defaultPlaybackRate = video.playbackRate = rate;
  await video.play();
  clearInterval(player.sampling);
  player.log = [];
  player.sampling = setInterval(player.sample, 20);
};

/** Adds where it is now to the log; returns the log. */
player.sample = () => {
  const date = player.hls?.playingDate?.getTime() ?? null;
  player.log.push([performance.now(), video.currentTime, date]);
  return player.log;
};

player.seek = (seconds) => {
  video.currentTime = seconds;
};

/** Pauses at a moment; fulfilled once its picture is drawn. */
player.show = (seconds) =>
  new Promise((done, failed) => {
    const patience = setTimeout(() => failed(new Error(`no picture at ${seconds} s`)), 8000);
    video.pause();
    video.addEventListener(
      'seeked',
      () => {
        clearTimeout(patience);
        setTimeout(done, 100);
      },
      { once: true },
    );
    video.currentTime = seconds;
  });

/** The loudest frequency of the sound that comes out within a second of playing, 0 where none does. */
player.tone = async () => {
  video.muted = false;
  if (!player.ears) {
    const context = new AudioContext();
    player.ears = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaElementSource(video).connect(player.ears).connect(context.destination);
  }
  video.playbackRate = 1;
  await video.play();
  await new Promise((done) => setTimeout(done, 1000));
  const levels = new Float32Array(player.ears.frequencyBinCount);
  player.ears.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  const isHeard = levels[loudest] > -50;
  return isHeard ? (loudest * player.ears.context.sampleRate) / player.ears.fftSize : 0;
};

/** The picture as it is shown: width, height and RGBA bytes in base64. */
player.picture = () => {
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let i = 0; i < data.length; i += 4096) text += String.fromCharCode(...data.subarray(i, i + 4096));
  return [canvas.width, canvas.height, btoa(text)];
};

player.state = () => ({
  currentTime: video.currentTime,
  duration: video.duration,
  ended: video.ended,
  errors: player.errors,
  audioBytes: video.webkitAudioDecodedByteCount,
  droppedFrames: video.getVideoPlaybackQuality().droppedVideoFrames,
  frames: video.getVideoPlaybackQuality().totalVideoFrames,
});

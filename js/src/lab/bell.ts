/** A short sound, made on the spot. */

/** Hertz, seconds, and the greatest part of full volume. */
const PITCH = 660;
const LENGTH = 0.18;
const VOLUME = 0.15;

let context: AudioContext | null = null;

/** Rings once. Silent where the browser has no sound, or does not allow any before the person's first click. */
export function ring(): void {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume().catch(() => undefined);
    const now = context.currentTime;
    const volume = context.createGain();
    volume.gain.setValueAtTime(VOLUME, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + LENGTH);
    const tone = context.createOscillator();
    tone.frequency.value = PITCH;
    tone.connect(volume).connect(context.destination);
    tone.start(now);
    tone.stop(now + LENGTH);
  } catch {
    // There is no sound here.
  }
}

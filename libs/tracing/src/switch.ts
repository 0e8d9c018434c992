let isOn = false;

/** Whether this process makes traces: asked many times per request, so that one that makes none pays nothing. */
export function isTracing(): boolean {
  return isOn;
}

/** From now on there are traces; there is no way back in one process. */
export function enableTracing(): void {
  isOn = true;
}

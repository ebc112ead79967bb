"""What the demo needs beside the product: a camera that is none, published over real RTSP."""

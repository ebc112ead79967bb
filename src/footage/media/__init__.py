"""The fence around the codec libraries: nobody else touches PyAV.

Sources come in as GOPs, segments go out as MPEG-TS bytes, pictures as JPEG.
"""

"""What was recorded and where its bytes are.

``commit`` is the only way in, ``read`` the only way to look, ``remove`` the only way out. They
meet the index and the storage through two small Protocols, so that either can be swapped.
"""

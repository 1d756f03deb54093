"""The asset graph, one module an asset, in flow order. One partition is one crypto."""

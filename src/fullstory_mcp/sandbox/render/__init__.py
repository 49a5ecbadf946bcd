"""The same story written in the three vocabularies of the API, and summed up."""
